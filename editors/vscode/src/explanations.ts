// Explanations: Markdown that grows in a preview beside the code, and the conversation that goes on about it.
import { randomUUID } from 'node:crypto';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { followable, target } from './links';
import type { Place } from './place';
import type { Server } from './server';

export const SCHEME = 'infill-explanation';
const PREVIEW = 'vscode.markdown.preview.editor';
const KEPT = 20;
const LOADS = [2_000, 10_000]; // milliseconds in which a preview is there, on a machine with time and on one without

interface Message { role: 'user' | 'assistant'; text: string }
interface Told { markdown?: string; linked?: string; declined?: string }

/** `messages` go back to the model as it said them; `text` is what is shown, with links to the places that it names. */
interface Conversation { about: Place; name: string; page: vscode.Uri; messages: Message[]; text: string; going?: vscode.CancellationTokenSource }

export class Explanations implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly conversations = new Map<string, Conversation>();
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  private readonly parts: vscode.Disposable;
  private number = 0;
  readonly onDidChange = this.changes.event;

  constructor(private readonly server: Server) {
    this.parts = vscode.Disposable.from(
      this.changes,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
        for (const page of closed.map(pageOf)) {
          this.conversations.get(page?.toString() ?? '')?.going?.cancel(); // nobody reads it any more
        }
      }),
    );
  }

  provideTextDocumentContent(page: vscode.Uri): string {
    return this.conversations.get(page.toString())?.text ?? 'This explanation is gone. Ask for it again.';
  }

  async explain(about: Place): Promise<void> {
    const source = vscode.Uri.parse(about.uri);
    const name = `${path.posix.basename(source.path)}:${about.range.start.line + 1}`;
    this.number += 1;
    const page = vscode.Uri.from({ scheme: SCHEME, path: `/${this.number}/Explanation of ${path.posix.basename(source.path)}.md` });
    const link = target(source.with({ fragment: `L${about.range.start.line + 1}` }));
    const talk: Conversation = { about, name, page, messages: [], text: `### [${plain(name)}](${link})\n\n` };
    this.conversations.set(page.toString(), talk);
    this.forgetOldest();
    await vscode.commands.executeCommand('setContext', 'infill.conversing', true);
    await this.goOn(talk);
  }

  /** Asks about the explanation that is in front, else about the newest one. */
  async followUp(): Promise<void> {
    const front = pageOf(vscode.window.tabGroups.activeTabGroup.activeTab)?.toString() ?? '';
    const talk = this.conversations.get(front) ?? [...this.conversations.values()].at(-1);
    if (talk === undefined) {
      void vscode.window.showInformationMessage('Infill: nothing has been explained yet, so there is nothing to ask about.');
      return;
    }
    const question = await vscode.window.showInputBox({ title: `Infill: a question about ${talk.name}`, ignoreFocusOut: true });
    if (question === undefined || question.trim() === '') {
      return;
    }
    talk.going?.cancel();
    talk.messages.push({ role: 'user', text: question });
    this.show(talk, `\n\n---\n\n> ${question}\n\n`);
    await vscode.workspace.openTextDocument(vscode.Uri.parse(talk.about.uri)); // its tab may be closed by now
    await this.goOn(talk);
  }

  dispose(): void {
    this.parts.dispose();
  }

  private async goOn(talk: Conversation): Promise<void> {
    const before = talk.text;
    const going = new vscode.CancellationTokenSource();
    talk.going = going;
    const opened = Date.now();
    await open(talk.page);
    const { uri, range } = talk.about;
    const asked = { textDocument: { uri }, range, messages: talk.messages, links: true, partialResultToken: randomUUID() };
    const stream = this.server.onMarkdown(asked.partialResultToken, (markdown) => {
      if (talk.going === going) {
        this.show(talk, followable(markdown));
      }
    });
    const told = await this.server.work<Told>('Infill: explaining', 'infill/chat', asked, going.token);
    stream.dispose();
    if (talk.going !== going) {
      return; // a newer question took its place
    }
    delete talk.going;
    if (told?.markdown === undefined) {
      this.show(talk, `\n\n*${told?.declined ?? 'It was cancelled.'}*\n`);
    } else {
      talk.messages.push({ role: 'assistant', text: told.markdown });
      talk.text = before + followable(told.linked ?? told.markdown);
      this.changes.fire(talk.page);
    }
    refresh(opened);
  }

  private show(talk: Conversation, more: string): void {
    talk.text += more;
    this.changes.fire(talk.page);
  }

  private forgetOldest(): void {
    const oldest = this.conversations.keys().next();
    if (this.conversations.size > KEPT && !oldest.done) {
      this.conversations.delete(oldest.value);
    }
  }
}

/** As a preview beside, and as text where the editor has no preview of Markdown. The cursor stays in the code. */
async function open(page: vscode.Uri): Promise<void> {
  const beside = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: false };
  const there = vscode.window.tabGroups.all.find((group) => group.tabs.some((tab) => pageOf(tab)?.toString() === page.toString()));
  const where = there === undefined ? beside : { ...beside, viewColumn: there.viewColumn };
  await vscode.workspace.openTextDocument(page); // a document that is still on its way misses what changes meanwhile
  try {
    await vscode.commands.executeCommand('vscode.openWith', page, PREVIEW, where);
  } catch {
    await vscode.window.showTextDocument(page, where);
  }
}

/** A preview that is still loading drops what changes meanwhile, so the end of a quick answer is shown again. */
function refresh(opened: number): void {
  for (const wait of LOADS.map((loaded) => opened + loaded - Date.now()).filter((left) => left > 0)) {
    setTimeout(() => void vscode.commands.executeCommand('markdown.preview.refresh').then(undefined, () => undefined), wait);
  }
}

function pageOf(tab: vscode.Tab | undefined): vscode.Uri | undefined {
  const shown = tab?.input;
  const isPage = shown instanceof vscode.TabInputCustom || shown instanceof vscode.TabInputText;
  return isPage && shown.uri.scheme === SCHEME ? shown.uri : undefined;
}

/** A file's name means no Markdown. */
function plain(name: string): string {
  return name.replace(/[\\`*_[\]<>#&!]/g, '\\$&');
}
