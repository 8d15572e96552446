--- What a model is asked by hand: refactorings, reviews, tests, conversations. Each is under way until the server has replied,
--- and can be cancelled meanwhile.
local client = require('infill.client')

local M = {}

---@class infill.Work
---@field title string what the status line says
---@field buf integer the buffer that it is about
---@field hear? fun(value: table) gets the pieces of a result
---@field look? fun(message: string) gets what the server says it is at
---@field message? string the last of that

--- What is under way, by the token that the server reports progress with.
---@type table<string, infill.Work>
local under_way = {}
local number = 0

local TITLES = {
  ['infill.refactor'] = 'working out an edit',
  ['infill.fix'] = 'working out an edit',
  ['infill.tests'] = 'writing tests',
  ['infill.review'] = 'reviewing',
  ['infill.clearReview'] = 'clearing the review',
}

---@param text string
---@param level? integer
function M.say(text, level)
  vim.notify('Infill: ' .. text, level or vim.log.levels.INFO)
end

--- Whether no backend can talk; the user is told then.
---@return boolean
function M.is_mute()
  local why = require('infill.status').now.mute
  if not why or why == '' then
    return false
  end
  M.say(why, vim.log.levels.WARN)
  return true
end

--- Whole lines, counted from 1, as a range of the protocol; the cursor where there are none.
---@param buf integer
---@param first? integer
---@param last? integer
---@return lsp.Range
function M.range(buf, first, last)
  if first and last then
    return { start = { line = first - 1, character = 0 }, ['end'] = { line = last, character = 0 } }
  end
  local running = client.of(buf)
  local place = vim.lsp.util.make_position_params(0, running and running.offset_encoding or 'utf-16').position
  return { start = place, ['end'] = place }
end

--- Sends a request with a token of ours, so that it shows progress and can be cancelled.
---@param work infill.Work
---@param method string
---@param params table
---@param reply fun(result: any, problem: lsp.ResponseError?)
---@return string? token nil where there is no server to ask
function M.begin(work, method, params, reply)
  number = number + 1
  local token = ('infill.nvim-%d'):format(number)
  params.workDoneToken = token
  params.partialResultToken = work.hear and token .. '-pieces' or nil
  under_way[token] = work
  local asked = client.request(work.buf, method, params, function(result, problem)
    under_way[token] = nil
    vim.cmd.redrawstatus({ bang = true })
    reply(result, problem)
  end)
  if not asked then
    under_way[token] = nil
    M.say('no server runs for this buffer. See :checkhealth infill.', vim.log.levels.WARN)
    return nil
  end
  vim.cmd.redrawstatus({ bang = true })
  return token
end

--- Runs one of the server's commands. Why nothing comes of it is said by the server, as a message.
---@param buf integer
---@param command string
---@param argument table
function M.run(buf, command, argument)
  local params = { command = command, arguments = { argument } }
  M.begin({ title = TITLES[command], buf = buf }, 'workspace/executeCommand', params, function(_, problem)
    if problem then
      M.say(problem.message, vim.log.levels.ERROR)
    end
  end)
end

--- What Neovim runs in the place of the server's commands, when a code action is chosen.
---@return table<string, fun(command: lsp.Command, context: table)>
function M.commands()
  local own = {
    ['infill.explain'] = function(command, context)
      require('infill.talk').open(context.bufnr, command.arguments[1].range)
    end,
  }
  for name in pairs(TITLES) do
    own[name] = function(command, context)
      M.run(context.bufnr, name, command.arguments[1])
    end
  end
  return own
end

--- Takes a piece of a result, or what the server says it is at; true where it was a piece, which is nobody else's.
---@param token string|integer
---@param value table
---@return boolean
function M.heard(token, value)
  local of = type(token) == 'string' and token:match('^(infill%.nvim%-%d+)%-pieces$')
  local work = under_way[of or token]
  if work and of then
    work.hear(value)
  elseif work and value.kind == 'report' and value.message then
    work.message = value.message
    vim.cmd.redrawstatus({ bang = true })
    if work.look then
      work.look(value.message)
    end
  end
  return type(of) == 'string'
end

---@param token string
function M.cancel(token)
  if under_way[token] then
    client.tell(under_way[token].buf, 'window/workDoneProgress/cancel', { token = token })
  end
end

--- Cancels all that is under way, and edits that wait to be confirmed.
---@return integer how much there was
function M.cancel_all()
  local tokens = vim.tbl_keys(under_way)
  require('infill.preview').reject_all()
  vim.tbl_map(M.cancel, tokens)
  return #tokens
end

--- What is under way in words, '' for nothing.
---@return string
function M.doing()
  local titles = {}
  for _, work in vim.spairs(under_way) do
    table.insert(titles, work.message and work.message ~= '' and work.title .. ': ' .. work.message or work.title)
  end
  return table.concat(titles, ', ')
end

--- The user's answer to a question of the server. Runs in the coroutine of the request's handler, and waits there.
---@param prompt string
---@return string|vim.NIL
function M.input(prompt)
  local waiting = coroutine.running()
  vim.ui.input({ prompt = 'Infill: ' .. prompt .. ' ' }, function(text)
    vim.schedule(function()
      coroutine.resume(waiting, text or vim.NIL)
    end)
  end)
  return coroutine.yield()
end

return M
