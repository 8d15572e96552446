// Ten minutes of silence: nothing is asked while typing, asking by hand still works.
import * as vscode from 'vscode';

const MINUTES = 10;

export class Snooze implements vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<void>();
  private timer: NodeJS.Timeout | undefined;
  readonly onChange = this.changes.event;

  get on(): boolean {
    return this.timer !== undefined;
  }

  toggle(): void {
    if (this.timer === undefined) {
      this.timer = setTimeout(() => { this.toggle(); }, MINUTES * 60_000);
    } else {
      clearTimeout(this.timer);
      this.timer = undefined;
    }
    this.changes.fire();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.changes.dispose();
  }
}
