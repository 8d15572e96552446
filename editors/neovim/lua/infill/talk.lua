--- An explanation beside the code, as Markdown that grows while the model writes, and the questions that follow.
---
--- The conversation is kept here; the server is told all of it with each question. The lines that it is about are kept by a
--- mark, so that they are still meant after an edit above them.
local acting = require('infill.acting')
local client = require('infill.client')
local columns = require('infill.columns')
local config = require('infill.config')

local M = {}

---@class infill.Talk
---@field source integer the buffer that it is about
---@field mark integer the extmark over the lines
---@field messages { role: 'user'|'assistant', text: string }[]
---@field token? string the answer that is waited for
---@field at string what the model is at meanwhile, such as the lines that it reads

local namespace = vim.api.nvim_create_namespace('infill.talk')

--- By the buffer that shows it.
---@type table<integer, infill.Talk>
local talks = {}
---@type integer? the one that was asked last
local latest

---@param buf integer
---@param change fun()
local function write(buf, change)
  vim.bo[buf].modifiable = true
  change()
  vim.bo[buf].modifiable = false
  vim.bo[buf].modified = false
  local keys, talk = config.now.talk_keys, talks[buf]
  local hint = talk.token and ('… %s · `:Infill cancel` stops'):format(talk.at)
    or ('%s asks further, %s goes to a place, %s closes'):format(keys.ask, keys.follow, keys.close)
  vim.api.nvim_buf_set_extmark(buf, namespace, vim.api.nvim_buf_line_count(buf) - 1, 0, {
    id = 1,
    virt_lines = { { { '' } }, { { hint, 'InfillGhost' } } },
  })
end

--- Adds text at the end, as it comes: a piece may end in the middle of a line.
---@param buf integer
---@param text string
local function append(buf, text)
  if vim.api.nvim_buf_is_valid(buf) and talks[buf] then
    write(buf, function()
      local last = vim.api.nvim_buf_line_count(buf) - 1
      local lines = vim.split(text, '\n', { plain = true })
      vim.api.nvim_buf_set_text(buf, last, -1, last, -1, lines)
    end)
  end
end

--- The lines that the conversation is about, where they are now.
---@param talk infill.Talk
---@return lsp.Range
local function range_of(talk)
  local row, column, more =
    unpack(vim.api.nvim_buf_get_extmark_by_id(talk.source, namespace, talk.mark, { details = true }))
  local running = assert(client.of(talk.source))
  local function place(line, byte)
    local text = vim.api.nvim_buf_get_lines(talk.source, line, line + 1, false)[1] or ''
    return { line = line, character = columns.column_of(text, byte, running.offset_encoding) }
  end
  return { start = place(row, column), ['end'] = place(more.end_row, more.end_col) }
end

--- Sends the conversation and shows what comes. What is not answered is not kept, so that it can be asked again.
---@param buf integer
local function send(buf)
  local talk = talks[buf]
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(talk.source) },
    range = range_of(talk),
    messages = #talk.messages > 0 and talk.messages or nil,
  }
  local heard = ''
  local work = {
    title = 'explaining',
    buf = talk.source,
    hear = function(value)
      heard = heard .. value.markdown
      append(buf, value.markdown)
    end,
    look = function(message)
      talk.at = message
      append(buf, '')
    end,
  }
  talk.at = 'thinking'
  talk.token = acting.begin(work, 'infill/chat', params, function(result, problem)
    talk.token = nil
    local markdown = result and result.markdown
    if markdown then
      table.insert(talk.messages, { role = 'assistant', text = markdown })
      append(buf, vim.startswith(markdown, heard) and markdown:sub(#heard + 1) or '')
    else
      if #talk.messages > 0 then
        table.remove(talk.messages)
      end
      append(buf, ('\n*%s*\n'):format(result and result.declined or problem and problem.message or 'Nothing came.'))
    end
  end)
  append(buf, '')
end

--- Where a mention of a place under the cursor leads: `path:line` or `path#Lline`, of a file below the project's folders.
---@param talk infill.Talk
---@return string? path, integer? line
local function place_at_cursor(talk)
  local text, column = vim.api.nvim_get_current_line(), vim.api.nvim_win_get_cursor(0)[2] + 1
  local running = client.of(talk.source)
  local roots = vim.tbl_map(function(folder)
    return vim.uri_to_fname(folder.uri)
  end, running and running.workspace_folders or {})
  table.insert(roots, vim.fs.dirname(vim.api.nvim_buf_get_name(talk.source)))
  for first, name, line, past in text:gmatch('()([%w%._/+-]+)[:#]L?(%d+)()') do
    if first <= column and column < past and not name:find('..', 1, true) then
      for _, root in ipairs(roots) do
        local path = vim.fs.joinpath(root, name)
        if vim.fn.filereadable(path) == 1 then
          return path, tonumber(line)
        end
      end
    end
  end
end

--- Goes to the place under the cursor, in the window of the code.
---@param talk infill.Talk
local function follow(talk)
  local path, line = place_at_cursor(talk)
  if not path then
    acting.say('here is no place of this project, such as `file:line`.')
    return
  end
  local win = vim.fn.bufwinid(talk.source)
  if win ~= -1 then
    vim.api.nvim_set_current_win(win)
  else
    vim.cmd.wincmd('p')
  end
  vim.cmd("normal! m'")
  vim.cmd.edit(vim.fn.fnameescape(path))
  vim.api.nvim_win_set_cursor(0, { math.min(line or 1, vim.api.nvim_buf_line_count(0)), 0 })
end

---@param source integer
---@param range lsp.Range
---@return integer mark
local function marked(source, range)
  local encoding = assert(client.of(source)).offset_encoding
  local function at(place)
    local line = math.min(place.line, vim.api.nvim_buf_line_count(source))
    local text = vim.api.nvim_buf_get_lines(source, line, line + 1, false)[1] or ''
    return line, columns.byte_of(text, place.character, encoding)
  end
  local row, column = at(range.start)
  local end_row, end_column = at(range['end'])
  return vim.api.nvim_buf_set_extmark(source, namespace, row, column, {
    end_row = end_row,
    end_col = end_column,
    right_gravity = false,
    end_right_gravity = true,
  })
end

--- The empty page beside the code, entered.
---@param title string
---@return integer
local function page(title)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].bufhidden = 'wipe'
  vim.bo[buf].swapfile = false
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, { '# ' .. title, '', '' })
  pcall(vim.api.nvim_buf_set_name, buf, ('infill://%d/%s'):format(buf, title))
  vim.cmd(vim.o.columns >= 120 and 'botright vertical split' or 'botright split')
  vim.api.nvim_win_set_buf(0, buf)
  vim.wo[0][0].wrap, vim.wo[0][0].linebreak = true, true
  vim.wo[0][0].number, vim.wo[0][0].relativenumber = false, false
  vim.bo[buf].filetype = 'markdown'
  return buf
end

--- Opens a conversation about a range of a buffer: with a question, or with the wish to have it explained.
---@param source integer
---@param range lsp.Range
---@param question? string
function M.open(source, range, question)
  if not client.of(source) then
    acting.say('no server runs for this buffer. See :checkhealth infill.', vim.log.levels.WARN)
    return
  end
  if acting.is_mute() then
    return
  end
  local mark = marked(source, range)
  local name = client.shown_name(vim.api.nvim_buf_get_name(source), client.of(source))
  local buf = page(('%s:%d'):format(name, range.start.line + 1))
  local talk = { source = source, mark = mark, messages = {}, at = '' }
  talks[buf], latest = talk, buf
  local keys = config.now.talk_keys
  local function on(key, what, does)
    vim.keymap.set('n', key, does, { buffer = buf, nowait = true, desc = 'Infill: ' .. what })
  end
  on(keys.ask, 'ask further', M.ask)
  on(keys.close, 'close', '<Cmd>close<CR>')
  on(keys.follow, 'go to the place', function()
    follow(talk)
  end)
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = buf,
    desc = 'Nobody waits for the answer any more',
    callback = function()
      if talk.token then
        acting.cancel(talk.token)
      end
      talks[buf], latest = nil, latest ~= buf and latest or nil
      if vim.api.nvim_buf_is_valid(talk.source) then
        vim.api.nvim_buf_del_extmark(talk.source, namespace, talk.mark)
      end
    end,
  })
  if question then
    M.ask(question)
  else
    send(buf)
  end
end

--- Asks further in the conversation of this buffer, else in the latest one; asks the user for the question where none is given.
---@param question? string
function M.ask(question)
  local here = vim.api.nvim_get_current_buf()
  local buf = talks[here] and here or latest
  if not buf or not talks[buf] then
    acting.say('there is no conversation: `:Infill explain` or `:Infill chat` begins one.')
    return
  elseif talks[buf].token then
    acting.say('the model is still answering. `:Infill cancel` stops it.')
    return
  elseif not vim.api.nvim_buf_is_loaded(talks[buf].source) or not client.of(talks[buf].source) then
    acting.say('the file of this conversation is not open any more.', vim.log.levels.WARN)
    return
  elseif not question then
    vim.ui.input({ prompt = 'Infill: ' }, function(text)
      if text and text:find('%S') then
        M.ask(text)
      end
    end)
    return
  end
  table.insert(talks[buf].messages, { role = 'user', text = question })
  append(buf, ('\n> %s\n\n'):format((question:gsub('\n', '\n> '))))
  local win = vim.fn.bufwinid(buf)
  if win ~= -1 then
    vim.api.nvim_win_set_cursor(win, { math.max(1, vim.api.nvim_buf_line_count(buf) - 2), 0 })
  end
  send(buf)
end

return M
