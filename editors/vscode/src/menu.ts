// What a click on the status bar offers, and the commands that change settings.
import * as vscode from 'vscode';
import type { KeyStore } from './keys';
import type { Server } from './server';
import type { Snooze } from './snooze';
import type { Terminal } from './terminal';

const BACKENDS: [name: string, detail: string][] = [
  ['auto', 'Mistral where a key is set, else a running model host, else the workspace model'],
  ['mistral', "Mistral's Codestral, with your key"],
  ['llama_cpp', 'a llama.cpp server; set infill.base_url'],
  ['openai', 'any OpenAI-compatible server; set infill.base_url'],
  ['workspace', 'the embedded model that learns from this project; nothing leaves the machine'],
];

interface Entry extends vscode.QuickPickItem { run: () => unknown }

export class Menu {
  constructor(
    private readonly server: Server, private readonly snooze: Snooze, private readonly keys: KeyStore,
    private readonly terminal: Terminal, private readonly log: vscode.LogOutputChannel,
  ) {}

  async show(): Promise<void> {
    const language = vscode.window.activeTextEditor?.document.languageId;
    const { backend, message } = this.server.health;
    const entries: Entry[] = [
      { label: this.isOn() ? '$(circle-slash) Switch off here' : '$(check) Switch on here', run: () => this.toggle() },
      ...(language === undefined ? [] : [{
        label: this.isOnFor(language) ? `$(circle-slash) Switch off for ${language}` : `$(check) Switch on for ${language}`,
        run: () => this.toggleLanguage(),
      }]),
      { label: this.snooze.on ? '$(debug-continue) Wake up' : '$(debug-pause) Snooze 10 minutes', run: () => { this.snooze.toggle(); } },
      { label: '$(server) Who answers', description: backend, run: () => this.chooseBackend() },
      { label: '$(key) Set the key', run: () => this.setKey() },
      { label: '$(question) Why the last suggestion', run: () => this.terminal.why() },
      { label: '$(graph) Tokens, cost and acceptance', run: () => this.terminal.usage() },
      { label: '$(checklist) Doctor', run: () => this.terminal.doctor() },
      { label: '$(output) Show log', run: () => { this.log.show(); } },
      { label: '$(refresh) Restart the server', run: () => this.server.restart() },
    ];
    const chosen = await vscode.window.showQuickPick(entries, { title: 'Infill', placeHolder: message });
    await chosen?.run();
  }

  /** For this workspace where one is open, else for the user. */
  async toggle(): Promise<void> {
    const here = vscode.workspace.workspaceFolders !== undefined;
    const target = here ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
    await section().update('enabled', this.isOn() ? false : true, target);
  }

  async toggleLanguage(): Promise<void> {
    const language = vscode.window.activeTextEditor?.document.languageId;
    if (language !== undefined) {
      const off = section().get<string[]>('languages_off', []);
      const now = off.includes(language) ? off.filter((one) => one !== language) : [...off, language];
      await section().update('languages_off', now, vscode.ConfigurationTarget.Global);
    }
  }

  async chooseBackend(): Promise<void> {
    const entries = BACKENDS.map(([label, detail]) => ({ label, detail }));
    const chosen = await vscode.window.showQuickPick(entries, { title: 'Who answers' });
    if (chosen !== undefined) {
      await section().update('backend', chosen.label, vscode.ConfigurationTarget.Global);
    }
  }

  async setKey(): Promise<void> {
    const key = await vscode.window.showInputBox({
      title: 'Key of the backend', password: true, ignoreFocusOut: true,
      prompt: "Kept in the editor's secret storage and handed to the server in memory.",
    });
    if (key !== undefined && key !== '') {
      await this.keys.set(key);
      await this.server.restart();
    }
  }

  async clearKey(): Promise<void> {
    await this.keys.clear();
    await this.server.restart();
  }

  private isOn(): boolean {
    return section().get<boolean>('enabled', true);
  }

  private isOnFor(language: string): boolean {
    return !section().get<string[]>('languages_off', []).includes(language);
  }
}

function section(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('infill');
}
