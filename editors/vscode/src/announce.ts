// What this editor does beyond the standard, said to the server before it starts; docs/protocol.md has the messages.
import type { StaticFeature } from 'vscode-languageclient/node';

export const ANNOUNCE: StaticFeature = {
  fillClientCapabilities(capabilities) {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), infill: { status: true, chat: true, input: true } };
    // Without it the server gives edits as commands, and these have a progress that is seen and can be cancelled.
    delete capabilities.textDocument?.codeAction?.resolveSupport;
  },
  initialize() { /* nothing to set up */ },
  getState: () => ({ kind: 'static' }),
  clear() { /* nothing to undo */ },
};
