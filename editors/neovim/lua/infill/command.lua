--- The command :Infill and its table of what it can do.
local acting = require('infill.acting')
local client = require('infill.client')
local config = require('infill.config')
local typing = require('infill.typing')

local M = {}

--- Words that subcommands know.
local WORDS = {
  refactor = { 'convert', 'docstring', 'errors', 'extract', 'rename', 'simplify', 'types' },
  review = { 'clear' },
  toggle = { 'buffer' },
  usage = { '--by', '--csv', '--days', '--json' },
}
local GROUPS = { 'backend', 'day', 'language', 'model', 'origin', 'place' }

local say = acting.say

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
function M.flags()
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
  show_output(vim.list_extend({ 'why', place }, M.flags()))
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

--- The lines that were given to the command, else the cursor.
---@param lines integer[]
---@return { uri: string, range: lsp.Range }
local function place(lines)
  return { uri = vim.uri_from_bufnr(0), range = acting.range(vim.api.nvim_get_current_buf(), lines[1], lines[2]) }
end

---@param name string
---@param argument table
local function act(name, argument)
  acting.run(vim.api.nvim_get_current_buf(), 'infill.' .. name, argument)
end

--- By its name, in the user's words, or chosen from what fits the place.
---@param rest string[]
---@param lines integer[]
local function refactor(rest, lines)
  if #rest == 0 and acting.is_mute() then
    return
  elseif #rest == 0 then
    local ends = #lines > 0 and { start = { lines[1], 0 }, ['end'] = { lines[2], #vim.fn.getline(lines[2]) } } or nil
    vim.lsp.buf.code_action({
      range = ends,
      context = { only = { 'refactor' }, diagnostics = {} },
      filter = function(action)
        return vim.startswith(action.title, 'Infill: ')
      end,
    })
    return
  end
  local wish = #rest == 1 and vim.tbl_contains(WORDS.refactor, rest[1]) and { name = rest[1] }
    or { wish = table.concat(rest, ' ') }
  act('refactor', vim.tbl_extend('error', place(lines), wish))
end

---@param rest string[]
---@param lines integer[]
local function review(rest, lines)
  if rest[1] == 'clear' then
    act('clearReview', vim.empty_dict())
  else
    act('review', #lines > 0 and place(lines) or { uri = vim.uri_from_bufnr(0) })
  end
end

---@param rest string[]
---@param lines integer[]
local function chat(rest, lines)
  local buf, range = vim.api.nvim_get_current_buf(), place(lines).range
  local function open(question)
    if question and question:find('%S') then
      require('infill.talk').open(buf, range, question)
    end
  end
  if #rest > 0 then
    open(table.concat(rest, ' '))
  else
    vim.ui.input({ prompt = 'Infill: ' }, open)
  end
end

---@type table<string, fun(rest: string[], lines: integer[])>
local COMMANDS = {
  ask = function(rest)
    require('infill.talk').ask(#rest > 0 and table.concat(rest, ' ') or nil)
  end,
  cancel = function()
    if acting.cancel_all() == 0 then
      say('nothing is under way.')
    end
  end,
  chat = chat,
  doctor = function()
    show_output(vim.list_extend({ 'doctor' }, M.flags()))
  end,
  explain = function(_, lines)
    require('infill.talk').open(vim.api.nvim_get_current_buf(), place(lines).range)
  end,
  log = function()
    vim.cmd.tabedit(
      vim.fn.fnameescape(vim.fn.has('nvim-0.12') == 1 and vim.lsp.log.get_filename() or vim.lsp.get_log_path())
    )
  end,
  refactor = refactor,
  restart = client.restart,
  review = review,
  status = status,
  tests = function(_, lines)
    act('tests', place(lines))
  end,
  toggle = told,
  trigger = typing.trigger,
  usage = function(rest)
    show_output(vim.list_extend({ 'usage' }, rest))
  end,
  why = why,
}

---@param words string[]
---@param lines? integer[] the first and the last line of a range, from 1
function M.run(words, lines)
  local name = words[1] or 'status'
  if not COMMANDS[name] then
    say(('there is no `:Infill %s`.'):format(name), vim.log.levels.ERROR)
    return
  end
  COMMANDS[name](vim.list_slice(words, 2), lines or {})
end

--- What may stand next: a subcommand, or a word that it knows.
---@param lead string
---@param line string up to the cursor
---@return string[]
function M.complete(lead, line)
  local words = vim.split(line:gsub('^.-Infill!?%s+', ''), '%s+')
  local choices = #words <= 1 and vim.tbl_keys(COMMANDS) or WORDS[words[1]] or {}
  if words[1] == 'usage' and words[#words - 1] == '--by' then
    choices = GROUPS
  end
  choices = vim.tbl_filter(function(choice)
    return vim.startswith(choice, lead)
  end, choices)
  table.sort(choices)
  return choices
end

return M
