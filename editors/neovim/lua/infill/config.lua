--- The plugin's own options, each with its default and what it is for, and what the user made of them.
---
--- Options of the server, such as `backend`, go into `settings`; they are declared in settings.lua, which is generated.
local M = {}

---@class infill.Config
M.defaults = {
  -- How the server is started. A bare `infill` is looked for on the PATH, then in ~/.local/bin.
  cmd = { 'infill', 'lsp' },
  -- Settings of the server that differ from its own, by name; see docs/settings.md.
  ---@type infill.Settings
  settings = {},
  -- Filetypes in which to complete; '*' is all of them. Buffers with a 'buftype', such as terminals, are always left alone.
  filetypes = { '*' },
  -- Filetypes in which not to.
  filetypes_off = {},
  -- What marks the folder of a project; the nearest one above the file counts.
  root_markers = { '.infill.toml', '.git', 'pyproject.toml', 'package.json', 'go.mod', 'Cargo.toml' },
  -- Ask while typing. Off: only the key or command for it asks.
  automatic = true,
  -- Keys of insert mode. A default is mapped only where nothing else is; what is given here is always. False: no map.
  keys = {
    accept = '<Tab>',
    accept_word = '<C-Right>',
    accept_line = '<M-Right>',
    next = '<M-]>',
    previous = '<M-[>',
    dismiss = '<C-]>',
    trigger = [[<M-\>]],
  },
  -- Keys of the window that shows an edit before it is made.
  preview_keys = { apply = '<C-y>', reject = 'q' },
  -- Keys of an explanation.
  talk_keys = { ask = 'a', follow = 'gf', close = 'q' },
}

local KEYS = { 'keys', 'preview_keys', 'talk_keys' }

---@type infill.Config
M.now = vim.deepcopy(M.defaults)

--- The names in `keys` that the user chose, so that they are mapped whatever was there before.
---@type table<string, true>
M.chosen_keys = {}

--- Takes the user's options. Unknown names and wrong types are told in one message and left out; the rest applies.
---@param given? table
function M.set(given)
  local problems = {}
  local taken = {}
  for name, value in pairs(given or {}) do
    local default = M.defaults[name]
    if default == nil then
      table.insert(problems, ('there is no option `%s`'):format(name))
    elseif type(value) ~= type(default) then
      table.insert(problems, ('`%s` wants a %s'):format(name, type(default)))
    else
      taken[name] = value
    end
  end
  M.chosen_keys = {}
  M.now = vim.tbl_extend('force', vim.deepcopy(M.defaults), taken)
  for _, group in ipairs(KEYS) do
    M.now[group] = vim.tbl_extend('force', M.defaults[group], taken[group] or {})
    for name, key in pairs(taken[group] or {}) do
      if M.defaults[group][name] == nil then
        table.insert(problems, ('there is no key for `%s` in `%s`'):format(name, group))
      elseif group == 'keys' and key then
        M.chosen_keys[name] = true
      end
    end
  end
  for _, name in ipairs(M.unknown_settings()) do
    table.insert(problems, ('the server has no setting `%s`'):format(name))
  end
  if #problems > 0 then
    table.sort(problems)
    vim.notify('Infill: ' .. table.concat(problems, '; ') .. '. See :help infill-options.', vim.log.levels.WARN)
  end
end

--- Names in `settings` that the server does not know.
---@return string[]
function M.unknown_settings()
  local declared = require('infill.settings')
  local unknown = vim.tbl_filter(function(name)
    return declared[name] == nil
  end, vim.tbl_keys(M.now.settings))
  table.sort(unknown)
  return unknown
end

return M
