// Keys live in the editor's secret storage, are handed to the server in memory, and are in no setting and no log.
import type * as vscode from 'vscode';

const NAME = 'infill.api_key';

export class KeyStore {
  constructor(private readonly secrets: vscode.SecretStorage) {}

  get(): Thenable<string | undefined> {
    return this.secrets.get(NAME);
  }

  set(key: string): Thenable<void> {
    return this.secrets.store(NAME, key);
  }

  clear(): Thenable<void> {
    return this.secrets.delete(NAME);
  }
}
