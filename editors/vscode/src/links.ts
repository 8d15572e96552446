// Links of an explanation as VS Code's preview of Markdown follows them: it opens none that names a scheme, `file:` included.
// One that begins with a slash is looked up from the first workspace folder, whichever folder the file is in.
import * as path from 'node:path';
import * as vscode from 'vscode';

const FILE_LINK = /\]\((file:[^)\s]*)\)/g;

export function followable(markdown: string): string {
  return markdown.replace(FILE_LINK, (_, address: string) => `](${target(vscode.Uri.parse(address))})`);
}

/** The address of a line, from 1, for a link. */
export function target(file: vscode.Uri): string {
  const root = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (root?.scheme !== file.scheme) {
    return file.toString();
  }
  const steps = path.posix.relative(root.path, file.path).split('/');
  const fragment = file.fragment === '' ? '' : `#${file.fragment}`;
  return `/${steps.map(encodeURIComponent).join('/').replace(/[()]/g, (bracket) => (bracket === '(' ? '%28' : '%29'))}${fragment}`;
}
