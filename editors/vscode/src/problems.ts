// What other tools find wrong in open documents, told to the server: LSP tells one server nothing of another.
import * as vscode from 'vscode';
import { rangeOf } from './place';
import type { Server } from './server';

const OURS = 'infill review';
const MOST = 100; // of one document; the model is shown the nearest ones

export class Problems implements vscode.Disposable {
  private readonly listeners: vscode.Disposable;

  constructor(private readonly server: Server) {
    let before = server.health.health;
    this.listeners = vscode.Disposable.from(
      vscode.languages.onDidChangeDiagnostics(({ uris }) => {
        const open = new Set(vscode.workspace.textDocuments.map((document) => document.uri.toString()));
        for (const uri of uris.filter((each) => open.has(each.toString()))) {
          this.tell(uri);
        }
      }),
      server.onHealth(({ health }) => {
        if (before === 'starting' && health !== 'starting') {
          this.tellAll(); // a new server has been told of the documents by now, and of nothing else
        }
        before = health;
      }),
    );
  }

  dispose(): void {
    this.listeners.dispose();
  }

  private tellAll(): void {
    for (const { uri } of vscode.workspace.textDocuments) {
      if (vscode.languages.getDiagnostics(uri).length > 0) {
        this.tell(uri);
      }
    }
  }

  private tell(uri: vscode.Uri): void {
    const found = vscode.languages.getDiagnostics(uri).filter(({ source }) => source !== OURS).slice(0, MOST);
    const diagnostics = found.map(({ range, severity, message }) => ({ range: rangeOf(range), severity: severity + 1, message }));
    this.server.notify('infill/diagnostics', { uri: uri.toString(), diagnostics });
  }
}
