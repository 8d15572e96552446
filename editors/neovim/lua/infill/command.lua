--- The command :Infill and its table of what it can do.
local client = require('infill.client')
local config = require('infill.config')
local typing = require('infill.typing')

local M = {}

---@param text string
---@param level? integer
local function say(text, level)
  vim.notify('Infill: ' .. text, level or vim.log.levels.INFO)
end

---@param title string
---@param text string
local function split(title, text)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, vim.split(vim.trim(text), '\r?\n'))
  vim.bo[buf].modifiable = false
  vim.bo[buf].bufhidden = 'wipe'
  vim.bo[buf].filetype = 'infill'
  vim.cmd('botright split')
  vim.api.nvim_win_set_buf(0, buf)
  vim.wo[0][0].wrap = true
  vim.b[buf].infill_title = title
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = buf, desc = 'Close' })
end

--- The settings given to the editor, as flags of the command line, so that it answers for the same server.
---@return string[]
local function flags()
  local given = {}
  for name, value in vim.spairs(config.now.settings) do
    local text = type(value) == 'table' and table.concat(value, ',') or tostring(value)
    table.insert(given, ('--set=%s=%s'):format(name, text))
  end
  return given
end

--- Runs `infill` with these words and shows in a split what it says.
---@param words string[]
local function show_output(words)
  local line = client.command_line()
  if not line then
    say('the command line was not found. See :checkhealth infill.', vim.log.levels.ERROR)
    return
  end
  local all = vim.list_extend(line, words)
  vim.system(all, { text = true, env = { NO_COLOR = '1' } }, function(done)
    vim.schedule(function()
      split('infill ' .. words[1], done.stdout .. (done.stderr ~= '' and '\n' .. done.stderr or ''))
    end)
  end)
end

local function why()
  local file = vim.api.nvim_buf_get_name(0)
  if file == '' or vim.bo.modified then
    say('`why` looks at the file on the disk: write it first.', vim.log.levels.WARN)
    return
  end
  local place = ('%s:%d:%d'):format(file, vim.fn.line('.'), vim.fn.charcol('.'))
  show_output(vim.list_extend({ 'why', place }, flags()))
end

local function told(rest)
  local where = rest[1] == 'buffer' and 'buffer' or 'everywhere'
  local now = typing.toggle(where)
  say(('suggestions are %s%s.'):format(now and 'on' or 'off', where == 'buffer' and ' in this buffer' or ''))
end

local function status()
  local now, who = require('infill.status').now, require('infill.status').who()
  local state = typing.is_enabled(vim.api.nvim_get_current_buf()) and now.health or 'off here'
  say(('%s%s%s'):format(state, who ~= '' and ', ' .. who or '', now.message ~= '' and '. ' .. now.message or ''))
end

---@type table<string, fun(rest: string[])>
local COMMANDS = {
  doctor = function()
    show_output(vim.list_extend({ 'doctor' }, flags()))
  end,
  log = function()
    vim.cmd.tabedit(
      vim.fn.fnameescape(vim.fn.has('nvim-0.12') == 1 and vim.lsp.log.get_filename() or vim.lsp.get_log_path())
    )
  end,
  restart = client.restart,
  status = status,
  toggle = told,
  trigger = typing.trigger,
  usage = function(rest)
    show_output(vim.list_extend({ 'usage' }, rest))
  end,
  why = why,
}

---@param words string[]
function M.run(words)
  local name = words[1] or 'status'
  if not COMMANDS[name] then
    say(('there is no `:Infill %s`.'):format(name), vim.log.levels.ERROR)
    return
  end
  COMMANDS[name](vim.list_slice(words, 2))
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local choices = line:match('^%s*Infill%s+toggle%s') and { 'buffer' } or vim.tbl_keys(COMMANDS)
  table.sort(choices)
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, lead)
  end, choices)
end

return M
