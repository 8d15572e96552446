// Reviews: of the selection, of the file, of what changed since the last commit. What is found is in the Problems panel.
import * as vscode from 'vscode';
import { changedFiles } from './changes';
import { editorInFocus, placeOf, rangeOf } from './place';

export const REVIEW = 'infill.review';
const MOST_FILES = 100;

interface Reviewed { findings?: number }

export async function reviewSelection(): Promise<void> {
  const editor = editorInFocus();
  if (editor !== undefined) {
    await review(placeOf(editor.document, editor.selection));
  }
}

export async function reviewFile(): Promise<void> {
  const editor = editorInFocus();
  if (editor !== undefined) {
    await review({ uri: editor.document.uri.toString() });
  }
}

export async function reviewChanges(): Promise<void> {
  const files = await changedFiles(vscode.window.activeTextEditor?.document.uri);
  if (files === undefined || files.length === 0 || files.length > MOST_FILES) {
    void vscode.window.showInformationMessage(
      files === undefined ? 'Infill: there is no git repository here.' :
      files.length === 0 ? 'Infill: no file that git knows has changed since the last commit.' :
      `Infill: ${files.length} files have changed. Review them with \`infill act review --diff\`.`);
    return;
  }
  await review({ changes: files.map(({ document, lines }) => ({ uri: document.uri.toString(), ranges: lines.map(rangeOf) })) });
}

async function review(what: object): Promise<void> {
  const reviewed = await vscode.commands.executeCommand<Reviewed | undefined>(REVIEW, what);
  if ((reviewed?.findings ?? 0) > 0) {
    await vscode.commands.executeCommand('workbench.actions.view.problems');
  }
}
