--- One suggestion of the server, and what is left of it as the user types.
---
--- It stands for the text that accepting it would give: as long as that stays the same, so does the suggestion. Typing its
--- beginning therefore asks nobody, over line ends too, and an editor that closes brackets by itself does not disturb it.
local columns = require('infill.columns')

---@class infill.Suggestion
---@field id? string the server's name for it
---@field text string what goes in, with '\n' between lines
---@field command? lsp.Command to be run by the server once all of it has gone in
---@field row integer line where it begins, from 0
---@field col integer byte where it begins, from 0
---@field before string what stood on that line before it
---@field after string what stays on the line behind it
---@field lines integer lines of the buffer when it was offered
---@field told? boolean the server knows that it was drawn
local Suggestion = {}
Suggestion.__index = Suggestion

---@param buf integer
---@param row integer
---@return string
local function line_at(buf, row)
  return vim.api.nvim_buf_get_lines(buf, row, row + 1, false)[1] or ''
end

--- Reads an item of the protocol that was asked for at a cursor, given as line and byte from 0.
--- Nil for what cannot be shown there: a range over several lines, one without the cursor, or a snippet.
---@param item table
---@param buf integer
---@param cursor { [1]: integer, [2]: integer }
---@param encoding string
---@return infill.Suggestion?
function Suggestion.read(item, buf, cursor, encoding)
  if type(item.insertText) ~= 'string' then
    return nil
  end
  local row, line = cursor[1], line_at(buf, cursor[1])
  local first, last = cursor[2], cursor[2]
  if type(item.range) == 'table' then
    if item.range.start.line ~= row or item.range['end'].line ~= row then
      return nil
    end
    first = columns.byte_of(line, item.range.start.character, encoding)
    last = columns.byte_of(line, item.range['end'].character, encoding)
  end
  if first > cursor[2] or last < cursor[2] then
    return nil
  end
  local command = type(item.command) == 'table' and item.command or nil
  return setmetatable({
    id = command and type(command.arguments) == 'table' and command.arguments[1] or nil,
    text = (item.insertText:gsub('\r\n?', '\n')),
    command = command,
    row = row,
    col = first,
    before = line:sub(1, first),
    after = line:sub(last + 1),
    lines = vim.api.nvim_buf_line_count(buf),
  }, Suggestion)
end

---@class infill.Rest
---@field text string what is still to be typed or accepted; '' when all of it stands in the buffer
---@field behind string what stands behind the cursor and gives way to it
---@field typed string the beginning of the suggestion that stands in the buffer

--- What is left of it at the cursor; nil where the buffer disagrees with it.
---@param buf integer
---@param cursor { [1]: integer, [2]: integer }
---@return infill.Rest?
function Suggestion:rest(buf, cursor)
  local row, col = cursor[1], cursor[2]
  local grown = vim.api.nvim_buf_line_count(buf) - self.lines
  if row - self.row ~= grown or grown < 0 or (grown == 0 and col < self.col) then
    return nil
  end
  if line_at(buf, self.row):sub(1, self.col) ~= self.before then
    return nil
  end
  local typed = table.concat(vim.api.nvim_buf_get_text(buf, self.row, self.col, row, col, {}), '\n')
  local beyond = line_at(buf, row):sub(col + 1)
  if not vim.startswith(self.text, typed) or not vim.endswith(beyond, self.after) then
    return nil
  end
  return { text = self.text:sub(#typed + 1), behind = beyond:sub(1, #beyond - #self.after), typed = typed }
end

--- Where the characters of `behind` stand in `text`, in order, as bytes from 1; nil where `text` does not bring all of them.
---@param behind string
---@param text string
---@return { char: string, at: integer }[]?
function Suggestion.align(behind, text)
  local found, from = {}, 1
  for _, char in ipairs(vim.fn.split(behind, '\\zs')) do
    local at = text:find(char, from, true)
    if not at then
      return nil
    end
    table.insert(found, { char = char, at = at })
    from = at + #char
  end
  return found
end

--- The next word of a rest with the blanks before it: letters and digits, or else a run of signs.
---@param text string
---@return string
function Suggestion.word(text)
  return text:match('^%s*[%w_\128-\255]+') or text:match('^%s*[^%w%s_\128-\255]+') or text
end

--- The rest of the line; where nothing of the line is left, the next line with the break before it.
---@param text string
---@return string
function Suggestion.line(text)
  return text:match('^\n*[^\n]+') or text
end

return Suggestion
