// What was offered, so that taking a part of it and waving it away can be told to the server: the editor's stable
// interface only tells of suggestions that were accepted as a whole.
import * as vscode from 'vscode';
import type { Server } from './server';
import type { Snooze } from './snooze';

interface Offer {
  id: string;
  uri: string;
  start: vscode.Position; // where the whole of it began, also when its beginning was typed since
  text: string; // what was left of it when it was last offered
  at: vscode.Position; // where that was
}

type Items = vscode.InlineCompletionItem[] | vscode.InlineCompletionList | null | undefined;
type Next = (
  document: vscode.TextDocument, position: vscode.Position, context: vscode.InlineCompletionContext, token: vscode.CancellationToken,
) => vscode.ProviderResult<vscode.InlineCompletionItem[] | vscode.InlineCompletionList>;

const KEPT = 32;

export class Suggestions {
  private offers: Offer[] = []; // the last answer
  private readonly starts = new Map<string, vscode.Position>();

  constructor(private readonly snooze: Snooze) {}

  /** Middleware of the language client. */
  readonly provide = async (
    document: vscode.TextDocument, position: vscode.Position, context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken, next: Next,
  ): Promise<Items> => {
    if (this.snooze.on && context.triggerKind === vscode.InlineCompletionTriggerKind.Automatic) {
      return null;
    }
    const answer = await next(document, position, context, token);
    const items = Array.isArray(answer) ? answer : (answer?.items ?? []);
    this.offers = items.flatMap((item) => this.remember(document, position, item));
    return answer;
  };

  /** Runs the editor's command for a part, and tells how much of the suggestion stands in the document now. */
  async acceptPart(command: string, server: Server): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const before = this.offers;
    await vscode.commands.executeCommand(command);
    if (editor === undefined) {
      return;
    }
    const cursor = editor.selection.active;
    for (const offer of before) {
      const placed = offer.uri === editor.document.uri.toString() && cursor.isAfter(offer.at);
      const taken = placed ? normal(editor.document.getText(new vscode.Range(offer.at, cursor))) : '';
      const whole = normal(offer.text);
      if (taken !== '' && whole.startsWith(taken)) {
        if (taken !== whole) {
          const length = codePoints(editor.document.getText(new vscode.Range(offer.start, cursor)));
          server.notify('infill/didPartiallyAccept', { id: offer.id, length });
        }
        return;
      }
    }
  }

  async dismiss(server: Server): Promise<void> {
    const offer = this.offers[0];
    const editor = vscode.window.activeTextEditor;
    if (offer !== undefined && offer.uri === editor?.document.uri.toString() && offer.at.line <= editor.selection.active.line) {
      server.notify('infill/didReject', { id: offer.id });
      this.offers = [];
    }
    await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
  }

  private remember(document: vscode.TextDocument, position: vscode.Position, item: vscode.InlineCompletionItem): Offer[] {
    const id: unknown = item.command?.arguments?.[0];
    if (typeof id !== 'string' || typeof item.insertText !== 'string') {
      return [];
    }
    const at = item.range?.start ?? position;
    const start = this.starts.get(id) ?? at;
    this.starts.set(id, start);
    const oldest = this.starts.keys().next();
    if (this.starts.size > KEPT && !oldest.done) {
      this.starts.delete(oldest.value);
    }
    return [{ id, uri: document.uri.toString(), start, text: item.insertText, at }];
  }
}

/** The server counts code points, strings count UTF-16 units. */
export function codePoints(text: string): number {
  return Array.from(text).length;
}

function normal(text: string): string {
  return text.replace(/\r\n/g, '\n');
}
