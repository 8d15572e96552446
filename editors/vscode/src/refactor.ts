// Refactorings that fit the place, chosen from a list. The edit comes as one that the editor shows before it is made.
import * as vscode from 'vscode';
import { editorInFocus, placeOf, rangeOf } from './place';
import type { Server } from './server';

interface Offered { title: string; command?: { command: string; arguments?: unknown[] } }
interface Entry extends vscode.QuickPickItem { offered: Offered }

export async function refactor(server: Server): Promise<void> {
  const editor = editorInFocus();
  if (editor === undefined) {
    return;
  }
  const { uri, range } = placeOf(editor.document, editor.selection);
  const problems = vscode.languages.getDiagnostics(editor.document.uri).filter((each) => each.range.intersection(editor.selection) !== undefined);
  const diagnostics = problems.map((each) => ({ range: rangeOf(each.range), message: each.message, source: each.source }));
  const context = { diagnostics, only: ['quickfix', 'refactor'], triggerKind: 1 };
  const offers = (await server.request<Offered[]>('textDocument/codeAction', { textDocument: { uri }, range, context })) ?? [];
  if (offers.length === 0) {
    void vscode.window.showInformationMessage('Infill: nothing is offered here. Put the cursor into code that models may see.');
    return;
  }
  const entries = offers.map((offered): Entry => ({ label: offered.title.replace(/^Infill: /, ''), offered }));
  const chosen = await vscode.window.showQuickPick(entries, { title: 'Infill: which refactoring?', placeHolder: 'You see the change before it is made' });
  if (chosen?.offered.command !== undefined) {
    await vscode.commands.executeCommand(chosen.offered.command.command, ...(chosen.offered.command.arguments ?? []));
  }
}
