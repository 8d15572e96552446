// What is asked of a model by hand, as commands of the palette and the menus; and why not, where no backend can talk.
import * as vscode from 'vscode';
import type { Explanations } from './explanations';
import type { Menu } from './menu';
import { editorInFocus, placeOf } from './place';
import { refactor } from './refactor';
import { reviewChanges, reviewFile, reviewSelection } from './review';
import type { Server } from './server';

/** Commands of the server, which does them; a place is their argument. */
const REFACTOR = 'infill.refactor';
const TESTS = 'infill.tests';
const CLEAR_REVIEW = 'infill.clearReview';

export function acts(server: Server, explanations: Explanations, menu: Menu): Record<string, () => Promise<void>> {
  const asking = (act: () => Promise<void>) => async (): Promise<void> => {
    if (server.health.mute === '') {
      await act();
    } else {
      await explainMute(server, menu);
    }
  };
  const atCursor = (act: (place: object) => Thenable<unknown>) => asking(async () => {
    const editor = editorInFocus();
    if (editor !== undefined) {
      await act(placeOf(editor.document, editor.selection));
    }
  });
  return {
    'infill.explainHere': asking(async () => {
      const editor = editorInFocus();
      if (editor !== undefined) {
        await explanations.explain(placeOf(editor.document, editor.selection));
      }
    }),
    'infill.askFurther': asking(() => explanations.followUp()),
    'infill.refactorHere': asking(() => refactor(server)),
    'infill.changeAsISay': atCursor((place) => vscode.commands.executeCommand(REFACTOR, place)),
    'infill.writeTests': atCursor((place) => vscode.commands.executeCommand(TESTS, place)),
    'infill.reviewSelection': asking(reviewSelection),
    'infill.reviewFile': asking(reviewFile),
    'infill.reviewChanges': asking(reviewChanges),
    'infill.clearReviews': asking(async () => { await vscode.commands.executeCommand(CLEAR_REVIEW, {}); }),
  };
}

async function explainMute(server: Server, menu: Menu): Promise<void> {
  const key = 'Set a Key';
  const choose = 'Choose Who Answers';
  const chosen = await vscode.window.showWarningMessage(`Infill: ${server.health.mute}`, key, choose);
  if (chosen === key) {
    await menu.setKey();
  } else if (chosen === choose) {
    await menu.chooseBackend();
  }
}
