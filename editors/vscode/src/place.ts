// What the user means: the document and the selection of the editor that has the focus, as the server reads them.
import * as vscode from 'vscode';

interface Position { line: number; character: number }
export interface Range { start: Position; end: Position }
export interface Place { uri: string; range: Range }

export function placeOf(document: vscode.TextDocument, range: vscode.Range): Place {
  return { uri: document.uri.toString(), range: rangeOf(range) };
}

/** Built by hand: VS Code's own range becomes an array in JSON. */
export function rangeOf({ start, end }: vscode.Range): Range {
  return { start: { line: start.line, character: start.character }, end: { line: end.line, character: end.character } };
}

/** The editor to act on; without one it says so. */
export function editorInFocus(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    void vscode.window.showInformationMessage('Infill: open a file, and put the cursor where something is to be done.');
  }
  return editor;
}
