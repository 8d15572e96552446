// What changed since the last commit, as VS Code's own git extension tells it: the server starts no program.
import * as vscode from 'vscode';

interface Change { uri: vscode.Uri }
interface Repository { rootUri: vscode.Uri; diffWithHEAD(): Promise<Change[]>; diffWithHEAD(path: string): Promise<string> }
interface Git { repositories: Repository[]; getRepository(uri: vscode.Uri): Repository | null }
interface GitExtension { enabled: boolean; getAPI(version: 1): Git }

export interface Changed { document: vscode.TextDocument; lines: vscode.Range[] }

/** The changed files of the repository of `uri`, else of the first one, open so that the server has them; undefined without git. */
export async function changedFiles(uri: vscode.Uri | undefined): Promise<Changed[] | undefined> {
  const extension = await vscode.extensions.getExtension<GitExtension>('vscode.git')?.activate();
  const git = extension?.enabled === true ? extension.getAPI(1) : undefined;
  const repository = (uri && git?.getRepository(uri)) ?? git?.repositories[0];
  if (repository === undefined) {
    return undefined;
  }
  const found: Changed[] = [];
  for (const change of await repository.diffWithHEAD()) {
    const document = await opened(change.uri);
    const lines = document === undefined ? [] : hunks(await repository.diffWithHEAD(change.uri.fsPath));
    if (document !== undefined && lines.length > 0) {
      found.push({ document, lines });
    }
  }
  return found;
}

/** Undefined for what was deleted, and for what is no text. */
async function opened(uri: vscode.Uri): Promise<vscode.TextDocument | undefined> {
  try {
    return await vscode.workspace.openTextDocument(uri);
  } catch {
    return undefined;
  }
}

/** The new side of each hunk of a unified difference, with the lines around it that the difference has. */
function hunks(difference: string): vscode.Range[] {
  const found: vscode.Range[] = [];
  for (const [, first, count] of difference.matchAll(/^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@/gm)) {
    const start = Number(first) - 1;
    const lines = Number(count ?? '1');
    if (lines > 0) {
      found.push(new vscode.Range(start, 0, start + lines, 0));
    }
  }
  return found;
}
