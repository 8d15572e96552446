// The language server's process: found, started with key and settings, restarted with growing pauses when it dies.
import * as vscode from 'vscode';
import type { ErrorHandler, LanguageClientOptions, Middleware, ServerOptions } from 'vscode-languageclient/node';
import { CloseAction, ErrorAction, LanguageClient, ProgressType, State, TransportKind } from 'vscode-languageclient/node';
import { ANNOUNCE } from './announce';
import { findServer } from './discovery';
import { askUser } from './input';
import type { KeyStore } from './keys';
import { settingsFor } from './settings';
import type { Place } from './place';
import type { Suggestions } from './suggestions';
import { work } from './work';

export interface Health {
  health: 'starting' | 'ready' | 'busy' | 'warning' | 'error' | 'off' | 'stopped';
  message: string;
  backend: string;
  model: string;
  mute: string; // why nothing can be asked by hand and what to set, empty where it can
}

const STARTING: Health = { health: 'starting', message: '', backend: '', model: '', mute: 'The server is not running.' };
const RESTARTS_MOST = 5;
const CALM = 180_000; // milliseconds after which earlier deaths are forgotten

/** Commands that ask a model, and what their progress is called. */
const ASKING: Record<string, string> = {
  'infill.refactor': 'Infill: working out an edit',
  'infill.fix': 'Infill: fixing',
  'infill.tests': 'Infill: writing tests',
  'infill.review': 'Infill: reviewing',
};

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private deaths: number[] = [];
  private restarting = Promise.resolve();
  private readonly changes = new vscode.EventEmitter<Health>();
  readonly onHealth = this.changes.event;
  health: Health = STARTING;
  program: string | undefined;

  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly keys: KeyStore,
    private readonly suggestions: Suggestions,
    private readonly explain: (argument: Place) => Promise<void>,
  ) {}

  async start(): Promise<void> {
    this.program = await findServer();
    if (this.program === undefined) {
      this.tell({ ...STARTING, health: 'error', message: 'The command `infill` was not found.' });
      void this.explainMissing();
      return;
    }
    this.tell(STARTING);
    const client = new LanguageClient('infill', 'Infill', this.run(this.program), await this.options());
    this.client = client;
    client.registerFeature(ANNOUNCE);
    client.onRequest('infill/input', askUser);
    client.onNotification('infill/status', (health: Health) => { this.tell(health); });
    client.onDidChangeState(({ newState }) => {
      void vscode.commands.executeCommand('setContext', 'infill.running', newState === State.Running);
      if (newState === State.Starting) {
        this.tell(STARTING);
      }
    });
    try {
      await client.start();
    } catch (error) {
      this.log.error(`the server did not start: ${error instanceof Error ? error.message : 'unknown reason'}`);
      this.tell({ ...STARTING, health: 'error', message: 'The server did not start. See the log.' });
    }
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client !== undefined) {
      await client.dispose();
    }
  }

  /** One after the other: a second wish may come while the server is still on its way down. */
  restart(): Promise<void> {
    this.restarting = this.restarting.then(async () => {
      this.deaths = [];
      await this.stop();
      await this.start();
    });
    return this.restarting;
  }

  /** Restarts where another program would be found now. */
  async lookAgain(): Promise<void> {
    if ((await findServer()) !== this.program) {
      await this.restart();
    }
  }

  /** Undefined where there is no server, or none that answers. */
  async request<Answer>(method: string, params: object): Promise<Answer | undefined> {
    return this.client?.state === State.Running ? this.client.sendRequest<Answer>(method, params) : undefined;
  }

  /** The same for what takes a model's time, with a progress; see `work`. */
  async work<Answer>(title: string, method: string, params: object, enough?: vscode.CancellationToken): Promise<Answer | undefined> {
    return this.client === undefined ? undefined : work<Answer>(this.client, title, method, params, enough);
  }

  /** Pieces of the answer to an `infill/chat` that has this `partialResultToken`. */
  onMarkdown(token: string, take: (markdown: string) => void): vscode.Disposable {
    const type = new ProgressType<{ markdown: string }>();
    return this.client?.onProgress(type, token, ({ markdown }) => { take(markdown); }) ?? new vscode.Disposable(() => undefined);
  }

  notify(method: string, params: object): void {
    if (this.client?.state === State.Running) {
      void this.client.sendNotification(method, params);
    }
  }

  dispose(): void {
    this.changes.dispose();
    void this.stop();
  }

  private tell(health: Health): void {
    this.health = health;
    this.changes.fire(health);
    void vscode.commands.executeCommand('setContext', 'infill.talks', health.mute === '');
  }

  private run(program: string): ServerOptions {
    const run = { command: program, args: ['lsp'], transport: TransportKind.stdio };
    return { run, debug: run };
  }

  private async options(): Promise<LanguageClientOptions> {
    const key = await this.keys.get();
    return {
      documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }, { scheme: 'vscode-notebook-cell' }],
      initializationOptions: { settings: settingsFor(), ...(key ? { api_key: key } : {}) },
      outputChannel: this.log,
      errorHandler: this.errorHandler(),
      middleware: this.middleware(),
    };
  }

  private middleware(): Middleware {
    return {
      provideInlineCompletionItems: this.suggestions.provide,
      resolveCodeAction: (action) => action, // they are whole: see ANNOUNCE
      executeCommand: async (command, given: unknown[], next): Promise<unknown> => {
        const title = ASKING[command];
        if (command === 'infill.explain') {
          await this.explain(given[0] as Place);
          return null;
        }
        return title === undefined ? await next(command, given) : this.work(title, 'workspace/executeCommand', { command, arguments: given });
      },
      workspace: {
        configuration: (params) =>
          params.items.map((item) => (item.section === 'infill' ? settingsFor(item.scopeUri ? vscode.Uri.parse(item.scopeUri) : undefined) : null)),
        // The client would push defaults too; the server asks when it hears that something has changed.
        didChangeConfiguration: () => {
          this.notify('workspace/didChangeConfiguration', { settings: null });
          return Promise.resolve();
        },
      },
    };
  }

  private errorHandler(): ErrorHandler {
    return {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: async () => {
        const now = Date.now();
        this.deaths = [...this.deaths.filter((at) => now - at < CALM), now];
        if (this.deaths.length > RESTARTS_MOST) {
          this.tell({ ...STARTING, health: 'stopped', message: 'The server keeps ending. See the log, then restart it.' });
          return { action: CloseAction.DoNotRestart, handled: true };
        }
        this.tell(STARTING);
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** (this.deaths.length - 1)));
        return { action: this.client === undefined ? CloseAction.DoNotRestart : CloseAction.Restart, handled: true };
      },
    };
  }

  private async explainMissing(): Promise<void> {
    const choose = 'Say Where It Is';
    const again = 'Look Again';
    const show = 'Show Log';
    this.log.error('`infill` is neither in the active Python environment nor on the PATH; install it with pipx or uv');
    const chosen = await vscode.window.showErrorMessage(
      'Infill needs its server, the command `infill`: install it with `uv tool install .` in its checkout, or say where it is.', choose, again, show);
    if (chosen === choose) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'infill.server.path');
    } else if (chosen === again) {
      void this.restart();
    } else if (chosen === show) {
      this.log.show();
    }
  }
}
