// Questions that the command line answers, shown as a document.
import { execFile } from 'node:child_process';
import * as vscode from 'vscode';
import type { Server } from './server';
import { asFlags, settingsFor } from './settings';
import { codePoints } from './suggestions';

export interface Answer { code: number; output: string }

/** Runs `infill` with these words. Never fails: what went wrong is in the output. */
export function ask(program: string, words: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, NO_COLOR: '1' }, timeout: 60_000 };
    execFile(program, words, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: stdout + (stderr === '' ? '' : `\n${stderr}`) });
    });
  });
}

export class Terminal {
  constructor(private readonly server: Server) {}

  async why(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined || editor.document.uri.scheme !== 'file' || editor.document.isDirty) {
      void vscode.window.showInformationMessage('Infill looks at the file on the disk for this: open one, and save it first.');
      return;
    }
    const { line, character } = editor.selection.active;
    const before = editor.document.lineAt(line).text.slice(0, character);
    const place = `${editor.document.uri.fsPath}:${line + 1}:${codePoints(before) + 1}`;
    await this.show(['why', place, ...asFlags(settingsFor(editor.document.uri))]);
  }

  doctor(): Promise<void> {
    return this.show(['doctor', ...asFlags(settingsFor())]);
  }

  usage(): Promise<void> {
    return this.show(['usage']);
  }

  private async show(words: string[]): Promise<void> {
    const program = this.server.program;
    if (program === undefined) {
      await this.server.restart();
      return;
    }
    const title = { location: vscode.ProgressLocation.Window, title: `infill ${words[0] ?? ''}` };
    const answer = await vscode.window.withProgress(title, () => ask(program, words));
    const document = await vscode.workspace.openTextDocument({ content: answer.output, language: 'plaintext' });
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true, preserveFocus: true });
  }
}
