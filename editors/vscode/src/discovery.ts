// Where the server is: what the setting says, else the active Python environment, else the PATH, else where pipx and uv put it.
import { access, constants } from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';

const EXECUTABLE = process.platform === 'win32' ? 'infill.exe' : 'infill';

interface PythonApi {
  environments: { getActiveEnvironmentPath(): { path: string }; onDidChangeActiveEnvironmentPath?: vscode.Event<unknown> };
}

/** The program's path, undefined where there is none. What a setting names is believed without a look. */
export async function findServer(): Promise<string | undefined> {
  const chosen = vscode.workspace.getConfiguration('infill').get<string>('server.path', '');
  if (chosen !== '') {
    return chosen;
  }
  for (const folder of [...(await pythonFolders()), ...(process.env['PATH'] ?? '').split(path.delimiter), path.join(os.homedir(), '.local', 'bin')]) {
    const candidate = path.join(folder, EXECUTABLE);
    if (folder !== '' && path.isAbsolute(candidate) && (await isExecutable(candidate))) {
      return candidate;
    }
  }
  return undefined;
}

/** Tells when the user chose another Python environment, which may have another server. */
export async function onOtherPython(act: () => void): Promise<vscode.Disposable> {
  const python = await pythonExtension();
  return python?.environments.onDidChangeActiveEnvironmentPath?.(act) ?? new vscode.Disposable(() => undefined);
}

/** What the environment is known by may be its folder or its interpreter. */
async function pythonFolders(): Promise<string[]> {
  const environment = (await pythonExtension())?.environments.getActiveEnvironmentPath().path;
  return environment === undefined ? [] : [path.dirname(environment), path.join(environment, 'bin'), path.join(environment, 'Scripts')];
}

/** The environment may lie in the workspace, so it counts only where the workspace is trusted to run programs. */
async function pythonExtension(): Promise<PythonApi | undefined> {
  const python = vscode.workspace.isTrusted ? vscode.extensions.getExtension<PythonApi>('ms-python.python') : undefined;
  try {
    return await python?.activate();
  } catch {
    return undefined; // its trouble is told by itself
  }
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
