--- What a buffer shows and waits for while one types: the whole life of ghost text, from the question to what became of it.
local Suggestion = require('infill.suggestion')
local client = require('infill.client')
local config = require('infill.config')
local ghost = require('infill.ghost')
local menu = require('infill.menu')

local M = {}

---@class infill.Buffer
---@field offered infill.Suggestion[] what the last answer brought
---@field index integer which of them is on the screen
---@field asked? infill.Asked the request whose answer is waited for
---@field tick? integer changedtick at the last look
---@field cursor { [1]: integer, [2]: integer } line and byte at the last look, from 0
---@field visible boolean something is drawn

---@type table<integer, infill.Buffer>
local buffers = {}

local on = true

---@param buf integer
---@return infill.Buffer
local function state_of(buf)
  if not buffers[buf] then
    buffers[buf] = { offered = {}, index = 1, cursor = { -1, -1 }, visible = false }
  end
  return buffers[buf]
end

---@return { [1]: integer, [2]: integer } line and byte, from 0
local function cursor_now()
  local place = vim.api.nvim_win_get_cursor(0)
  return { place[1] - 1, place[2] }
end

---@return boolean
local function inserting()
  return vim.api.nvim_get_mode().mode:sub(1, 1) == 'i'
end

---@param state infill.Buffer
local function cancel(state)
  if state.asked then
    client.cancel(state.asked)
    state.asked = nil
  end
end

---@param buf integer
---@param state infill.Buffer
local function hide(buf, state)
  ghost.clear(buf)
  state.visible = false
end

---@param buf integer
---@param state infill.Buffer
local function drop(buf, state)
  state.offered, state.index = {}, 1
  hide(buf, state)
end

---@param state infill.Buffer
---@param buf integer
---@return infill.Suggestion?, infill.Rest?
local function current(state, buf)
  local suggestion = state.offered[state.index]
  local rest = suggestion and suggestion:rest(buf, cursor_now())
  return suggestion, rest
end

--- Draws what is left of the chosen suggestion; false where nothing is, so that another is needed.
---@param buf integer
---@param state infill.Buffer
---@return boolean
local function draw(buf, state)
  local suggestion, rest = current(state, buf)
  if not suggestion or not rest or rest.text == '' then
    drop(buf, state)
    return false
  end
  ghost.draw(buf, cursor_now(), rest)
  state.visible = true
  if suggestion.id and not suggestion.told then
    suggestion.told = true
    client.tell(buf, 'infill/didShow', { id = suggestion.id })
  end
  return true
end

--- Asks the server, in the place of whatever was asked before. An answer that comes too late for the text is dropped.
---@param buf integer
---@param by_hand boolean
---@param instead? string text that is on the screen, where another one is wished for
local function ask(buf, by_hand, instead)
  local state = state_of(buf)
  cancel(state)
  local tick, cursor = vim.api.nvim_buf_get_changedtick(buf), cursor_now()
  local asked
  asked = client.ask(buf, by_hand, function(items, encoding)
    if state.asked ~= asked then
      return
    end
    state.asked = nil
    local fresh = vim.api.nvim_get_current_buf() == buf and vim.api.nvim_buf_get_changedtick(buf) == tick
    if not fresh or not inserting() or not vim.deep_equal(cursor_now(), cursor) then
      return
    end
    local offered, other = {}, nil
    for _, item in ipairs(items) do
      local suggestion = Suggestion.read(item, buf, cursor, encoding)
      if suggestion then
        table.insert(offered, suggestion)
        other = other or (instead and suggestion.text ~= instead and #offered or nil)
      end
    end
    if #offered > 0 then
      state.offered, state.index = offered, other or 1
    end
    if not menu.is_open() then
      draw(buf, state)
    end
  end)
  state.asked = asked
end

--- Brings the screen up to date after anything that may have changed text, cursor or menu. Cheap where nothing did.
function M.look()
  local buf = vim.api.nvim_get_current_buf()
  local state = buffers[buf]
  if not state then
    return
  end
  if not inserting() or not M.is_enabled(buf) then
    cancel(state)
    drop(buf, state)
    return
  end
  local tick, cursor = vim.api.nvim_buf_get_changedtick(buf), cursor_now()
  local typed, moved = tick ~= state.tick, not vim.deep_equal(cursor, state.cursor)
  if menu.is_open() then
    hide(buf, state)
    if typed then
      cancel(state)
    end
    return -- tick stays as it was: when the menu closes, what was typed meanwhile is looked at
  end
  if state.visible and not typed and not moved then
    return
  end
  state.tick, state.cursor = tick, cursor
  if typed or moved then
    cancel(state)
  end
  local shown = #state.offered > 0 and draw(buf, state)
  if typed and not shown and config.now.automatic and vim.fn.reg_executing() == '' then
    ask(buf, false)
  end
end

--- Starts to follow a buffer: the server knows it now.
---@param buf integer
function M.attached(buf)
  state_of(buf)
  if buf == vim.api.nvim_get_current_buf() and inserting() then
    M.entered()
  end
end

--- Insert mode was entered, where something may be offered before a key is typed.
function M.entered()
  vim.schedule(function()
    local state = buffers[vim.api.nvim_get_current_buf()]
    if state and inserting() then
      state.tick = nil
      M.look()
    end
  end)
end

--- Insert mode or the buffer is left: nothing is shown and nothing is waited for.
---@param buf integer
function M.left(buf)
  local state = buffers[buf]
  if state then
    cancel(state)
    drop(buf, state)
  end
end

---@param buf integer
function M.forget(buf)
  buffers[buf] = nil
end

---@param buf integer
---@return boolean
function M.is_enabled(buf)
  return on and vim.b[buf].infill ~= false and client.wants(buf)
end

--- Switches suggestions for all buffers, or for the current one where `vim.b.infill` is what is kept.
---@param where 'everywhere'|'buffer'
---@param wanted? boolean the other way round if nil
---@return boolean what it is now
function M.toggle(where, wanted)
  local buf = vim.api.nvim_get_current_buf()
  if where == 'buffer' then
    vim.b[buf].infill = wanted == nil and vim.b[buf].infill == false or wanted == true
  else
    on = wanted == nil and not on or wanted == true
  end
  M.look()
  return where == 'buffer' and vim.b[buf].infill or on
end

--- Whether ghost text is on the screen of the current buffer.
---@return boolean
function M.visible()
  local state = buffers[vim.api.nvim_get_current_buf()]
  return state ~= nil and state.visible
end

--- Characters of a suggestion as the server counts them: code points, with line ends as they are in the file.
---@param text string
---@param buf integer
---@return integer
local function length(text, buf)
  local breaks = select(2, text:gsub('\n', ''))
  return vim.fn.strchars(text) + (vim.bo[buf].fileformat == 'dos' and breaks or 0)
end

--- Puts the beginning of the ghost text into the buffer. `cut` chooses it: all of the rest if nil.
---@param cut? fun(rest: string): string
---@return boolean whether there was anything to accept
function M.accept(cut)
  local buf = vim.api.nvim_get_current_buf()
  local state = buffers[buf]
  if not state or not state.visible then
    return false
  end
  local suggestion, rest = current(state, buf)
  if not suggestion or not rest or rest.text == '' then
    return false
  end
  local piece = cut and cut(rest.text) or rest.text
  local whole = piece == rest.text
  local behind = whole and #rest.behind or 0
  for _, place in ipairs(not whole and Suggestion.align(rest.behind, rest.text) or {}) do
    behind = behind + (place.at <= #piece and #place.char or 0)
  end
  local row, col = unpack(cursor_now())
  local lines = vim.split(piece, '\n', { plain = true })
  vim.go.undolevels = vim.go.undolevels -- a step of its own for undo
  vim.api.nvim_buf_set_text(buf, row, col, row, col + behind, lines)
  vim.api.nvim_win_set_cursor(0, { row + #lines, (#lines == 1 and col or 0) + #lines[#lines] })
  if whole then
    if suggestion.command then
      client.execute(buf, suggestion.command)
    end
    drop(buf, state)
  elseif suggestion.id then
    local taken = { id = suggestion.id, length = length(rest.typed .. piece, buf) }
    client.tell(buf, 'infill/didPartiallyAccept', taken)
  end
  M.look()
  return true
end

--- Shows another suggestion: one of those at hand, or one that the server is asked for.
---@param step integer 1 or -1
function M.cycle(step)
  local buf = vim.api.nvim_get_current_buf()
  local state = buffers[buf]
  if not state or not state.visible then
    return
  end
  local count = #state.offered
  if count == 1 then
    ask(buf, true, state.offered[1].text)
    return
  end
  local before = state.index
  for _ = 1, count - 1 do
    state.index = (state.index - 1 + step) % count + 1
    local _, rest = current(state, buf)
    if rest and rest.text ~= '' then
      draw(buf, state)
      return
    end
  end
  state.index = before
end

--- Takes the ghost text off the screen and tells the server that it was not wanted.
function M.dismiss()
  local buf = vim.api.nvim_get_current_buf()
  local state = buffers[buf]
  if not state then
    return
  end
  cancel(state)
  local suggestion = state.offered[state.index]
  if state.visible and suggestion and suggestion.id then
    client.tell(buf, 'infill/didReject', { id = suggestion.id })
  end
  drop(buf, state)
end

--- Asks by hand, also where typing would not.
function M.trigger()
  local buf = vim.api.nvim_get_current_buf()
  if inserting() and buffers[buf] then
    local state = state_of(buf)
    state.tick, state.cursor = vim.api.nvim_buf_get_changedtick(buf), cursor_now()
    ask(buf, true)
  end
end

return M
