// A request that takes a model's time: a notification says what is being done, and its button ends it at once.
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { WorkDoneProgress } from 'vscode-languageclient/node';

/** The answer, undefined where it was cancelled or failed; `enough` cancels it too. Why it failed has been said by then. */
export async function work<Answer>(
  client: LanguageClient, title: string, method: string, params: object, enough?: vscode.CancellationToken,
): Promise<Answer | undefined> {
  const workDoneToken = randomUUID();
  const source = new vscode.CancellationTokenSource();
  const stop = enough?.onCancellationRequested(() => { source.cancel(); });
  let ended: () => void = () => undefined;
  const end = new Promise<void>((resolve) => { ended = resolve; });
  const answer = Promise.resolve(client.sendRequest<Answer>(method, { ...params, workDoneToken }, source.token)).finally(() => { ended(); });
  let watch: vscode.Disposable | undefined;
  // It goes when the model has answered: an edit that then waits to be confirmed is no progress.
  void vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (progress, cancelled) => {
    cancelled.onCancellationRequested(() => { source.cancel(); });
    watch = client.onProgress(WorkDoneProgress.type, workDoneToken, (told) => {
      if (told.kind === 'report') {
        progress.report({ message: told.message ?? '' });
      } else if (told.kind === 'end') {
        ended();
      }
    });
    return end;
  });
  try {
    return await answer;
  } catch (error) {
    if (!source.token.isCancellationRequested) {
      client.outputChannel.appendLine(`${method} failed: ${error instanceof Error ? error.message : 'unknown reason'}`);
      void vscode.window.showErrorMessage('Infill: the server gave no answer. See its log.');
    }
    return undefined;
  } finally {
    watch?.dispose();
    stop?.dispose();
    source.dispose();
  }
}
