// The status bar: one word of state, and in its tooltip the reason and what the day has cost.
import * as vscode from 'vscode';
import type { Health, Server } from './server';
import type { Snooze } from './snooze';
import { ask } from './terminal';

const ICONS: Record<Health['health'], string> = {
  starting: '$(loading~spin)',
  ready: '$(sparkle)',
  busy: '$(loading~spin)',
  warning: '$(warning)',
  error: '$(error)',
  off: '$(circle-slash)',
  stopped: '$(error)',
};
const USAGE_EVERY = 60_000; // milliseconds

interface Day { requests: number; tokens_in: number; tokens_out: number; cost: number; suggestions: number; accepted: number }

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('infill.status', vscode.StatusBarAlignment.Right, 100);
  private readonly listeners: vscode.Disposable;
  private usage = '';
  private usageAt = 0;

  constructor(private readonly server: Server, private readonly snooze: Snooze) {
    this.item.name = 'Infill';
    this.item.command = 'infill.menu';
    this.listeners = vscode.Disposable.from(
      server.onHealth(() => { this.draw(); }),
      snooze.onChange(() => { this.draw(); }),
    );
    this.draw();
    this.item.show();
  }

  dispose(): void {
    this.listeners.dispose();
    this.item.dispose();
  }

  private draw(): void {
    const { health, message, backend, model } = this.server.health;
    const paused = this.snooze.on;
    const working = health === 'ready' || health === 'busy' || health === 'warning';
    const word = paused ? 'paused' : working && backend !== '' ? backend : health;
    this.item.text = `${paused ? '$(debug-pause)' : ICONS[health]} Infill: ${word}`;
    const who = backend === '' ? '' : `${backend}, ${model}`;
    const lines = [paused ? 'Paused for 10 minutes' : health, who, message, this.usage, 'Click for the menu'];
    this.item.tooltip = lines.filter((line) => line !== '').join('\n');
    const alarming = !paused && (health === 'error' || health === 'stopped');
    this.item.backgroundColor = alarming ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    if (health === 'starting') {
      this.usageAt = 0; // the server that ended has written down what it counted
    } else if (health === 'ready') {
      void this.refreshUsage();
    }
  }

  private async refreshUsage(): Promise<void> {
    const program = this.server.program;
    if (program === undefined || Date.now() - this.usageAt < USAGE_EVERY) {
      return;
    }
    this.usageAt = Date.now();
    const answer = await ask(program, ['usage', '--days', '1', '--json']);
    const days = (answer.code === 0 ? JSON.parse(answer.output) : []) as Day[];
    const day = days[0];
    this.usage = day === undefined ? 'Nothing asked today' :
      `Today ${day.tokens_in + day.tokens_out} tokens, $${day.cost.toFixed(4)}, ${day.accepted} of ${day.suggestions} accepted`;
    this.draw();
  }
}
