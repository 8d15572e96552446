// Entry point: makes the parts, says who knows whom, and registers the commands of package.json.
import * as vscode from 'vscode';
import { acts } from './acts';
import { onOtherPython } from './discovery';
import { Explanations } from './explanations';
import { KeyStore } from './keys';
import { Menu } from './menu';
import { Problems } from './problems';
import { Server } from './server';
import { Snooze } from './snooze';
import { StatusBar } from './status';
import { Suggestions } from './suggestions';
import { Terminal } from './terminal';

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel('Infill', { log: true });
  const snooze = new Snooze();
  const suggestions = new Suggestions(snooze);
  const keys = new KeyStore(context.secrets);
  const running: Server = new Server(log, keys, suggestions, (place) => explanations.explain(place));
  server = running;
  const explanations = new Explanations(running);
  const terminal = new Terminal(running);
  const status = new StatusBar(running, snooze);
  const menu = new Menu(running, snooze, keys, terminal, log);
  context.subscriptions.push(log, snooze, running, status, explanations, new Problems(running));

  const commands: Record<string, () => unknown> = {
    'infill.menu': () => menu.show(),
    'infill.toggle': () => menu.toggle(),
    'infill.toggleLanguage': () => menu.toggleLanguage(),
    'infill.snooze': () => { snooze.toggle(); },
    'infill.chooseBackend': () => menu.chooseBackend(),
    'infill.setKey': () => menu.setKey(),
    'infill.clearKey': () => menu.clearKey(),
    'infill.why': () => terminal.why(),
    'infill.doctor': () => terminal.doctor(),
    'infill.usage': () => terminal.usage(),
    'infill.showLog': () => { log.show(); },
    'infill.restart': () => running.restart(),
    'infill.trigger': () => vscode.commands.executeCommand('editor.action.inlineSuggest.trigger'),
    'infill.acceptWord': () => suggestions.acceptPart('editor.action.inlineSuggest.acceptNextWord', running),
    'infill.acceptLine': () => suggestions.acceptPart('editor.action.inlineSuggest.acceptNextLine', running),
    'infill.dismiss': () => suggestions.dismiss(running),
    ...acts(running, explanations, menu),
  };
  for (const [name, does] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(name, does));
  }
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('infill.server')) {
        void running.restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void running.restart()),
  );
  await running.start();
  context.subscriptions.push(await onOtherPython(() => void running.lookAgain()));
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
