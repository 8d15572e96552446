// Where the server is: what the setting says, else the active Python environment, else the PATH, else where pipx and uv put it.
import { access, constants } from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';

const EXECUTABLE = process.platform === 'win32' ? 'infill.exe' : 'infill';

interface PythonApi {
  environments: { getActiveEnvironmentPath(): { path: string } };
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

/** The environment may lie in the workspace, so it counts only where the workspace is trusted to run programs. */
async function pythonFolders(): Promise<string[]> {
  const python = vscode.extensions.getExtension<PythonApi>('ms-python.python');
  if (!vscode.workspace.isTrusted || python === undefined) {
    return [];
  }
  const api = await python.activate();
  const environment = api.environments.getActiveEnvironmentPath().path;
  return [path.dirname(environment), path.join(environment, 'bin')];
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
