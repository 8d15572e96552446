// The settings that the user has really set. Defaults are left to the server, which would take them for wishes and
// believe them before the user's own settings file.
import * as vscode from 'vscode';

type Values = Record<string, unknown>;

/** How a workspace may move what the user has set: it can protect more and never less. */
const NARROWING: Record<string, (user: unknown, workspace: unknown) => unknown> = {
  enabled: (user, workspace) => user !== false && workspace !== false,
  local_only: (user, workspace) => user === true || workspace === true,
  exclude: union,
  languages_off: union,
  languages: (user, workspace) => {
    const held = listed(user);
    const asked = listed(workspace);
    return user === undefined || held.includes('*') ? asked : asked.includes('*') ? held : held.filter((one) => asked.includes(one));
  },
};

function listed(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function union(user: unknown, workspace: unknown): string[] {
  return [...new Set([...listed(user), ...listed(workspace)])];
}

export function settingsFor(scope?: vscode.Uri): Values {
  const section = vscode.workspace.getConfiguration('infill', scope ?? null);
  const found: Values = {};
  for (const name of Object.keys(section)) {
    const set = section.inspect<unknown>(name);
    if (set === undefined || name === 'server') {
      continue;
    }
    const user = set.globalValue;
    const workspace = set.workspaceFolderValue ?? set.workspaceValue;
    const narrow = NARROWING[name];
    const value = workspace === undefined ? user : narrow ? narrow(user, workspace) : workspace;
    if (value !== undefined) {
      found[name] = value;
    }
  }
  return found;
}

/** The same as flags of the command line, so that it answers for the same server. */
export function asFlags(values: Values): string[] {
  return Object.entries(values).map(([name, value]) => `--set=${name}=${Array.isArray(value) ? value.join(',') : String(value)}`);
}
