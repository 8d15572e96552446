// `infill/input`: the server asks for a line of text, such as a wish in the user's own words.
import * as vscode from 'vscode';

export async function askUser({ prompt }: { prompt: string }): Promise<string | null> {
  const answer = await vscode.window.showInputBox({ title: 'Infill', prompt, ignoreFocusOut: true });
  return answer ?? null;
}
