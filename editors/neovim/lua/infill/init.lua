--- Infill for Neovim: what a configuration, a key map or a status line calls. See :help infill.
local client = require('infill.client')
local config = require('infill.config')
local suggestion = require('infill.suggestion')
local typing = require('infill.typing')

local M = {}

local set_up = false

---@return boolean
function M.is_set_up()
  return set_up
end

--- Takes the options, maps the keys and follows the buffers. Calling it again takes the new options.
---@param options? infill.Config
function M.setup(options)
  if vim.fn.has('nvim-0.10') == 0 then
    vim.notify('Infill needs Neovim 0.10 or later.', vim.log.levels.ERROR)
    return
  end
  local again = set_up
  set_up = true
  config.set(options)
  require('infill.ghost').define_highlights()
  require('infill.keys').map()

  local group = vim.api.nvim_create_augroup('infill', { clear = true })
  local function at(events, does)
    vim.api.nvim_create_autocmd(events, { group = group, callback = does })
  end
  at({ 'FileType', 'BufEnter' }, function(event)
    client.attach(event.buf)
  end)
  at({ 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, typing.look)
  at('InsertEnter', typing.entered)
  at({ 'InsertLeave', 'BufLeave' }, function(event)
    typing.left(event.buf)
  end)
  at({ 'BufDelete', 'BufWipeout' }, function(event)
    typing.forget(event.buf)
  end)
  at('ColorScheme', require('infill.ghost').define_highlights)
  require('infill.menu').watch(group, typing.look)

  if again then
    client.restart()
  else
    client.attach_all()
  end
end

--- Accepts all of the ghost text. Returns whether there was any, as do the next two.
---@return boolean
function M.accept()
  return typing.accept()
end

---@return boolean
function M.accept_word()
  return typing.accept(suggestion.word)
end

---@return boolean
function M.accept_line()
  return typing.accept(suggestion.line)
end

--- Shows the next suggestion for this place; asks the server for one more where it has told only one.
function M.next()
  typing.cycle(1)
end

function M.previous()
  typing.cycle(-1)
end

M.dismiss = typing.dismiss
M.trigger = typing.trigger
M.visible = typing.visible
M.toggle = typing.toggle
M.restart = client.restart

--- The server's last word on itself.
---@return infill.Status
function M.status()
  return require('infill.status').now
end

--- A component for a status line: `%{v:lua.require'infill'.statusline()}`.
---@return string
function M.statusline()
  return require('infill.status').line(vim.api.nvim_get_current_buf())
end

return M
