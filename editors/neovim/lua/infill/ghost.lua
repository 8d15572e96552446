--- Draws the rest of a suggestion at the cursor, as text that is not in the buffer.
local align = require('infill.suggestion').align

local M = {}

local namespace = vim.api.nvim_create_namespace('infill')

--- Groups that a colour scheme may set; ours only stand in where it does not.
function M.define_highlights()
  local hint = vim.fn.hlexists('ComplHint') == 1 and 'ComplHint' or 'NonText'
  vim.api.nvim_set_hl(0, 'InfillGhost', { link = hint, default = true })
  vim.api.nvim_set_hl(0, 'InfillReplaced', { strikethrough = true, default = true })
end

---@param buf integer
function M.clear(buf)
  if vim.api.nvim_buf_is_valid(buf) then
    vim.api.nvim_buf_clear_namespace(buf, namespace, 0, -1)
  end
end

--- Virtual text shows a tab as ^I, so tabs become the blanks they would take up.
---@param text string
---@param column integer cells to its left
---@param width integer 'tabstop'
---@return string
local function expand(text, column, width)
  return (
    text:gsub('([^\t]*)(\t?)', function(plain, tab)
      column = column + vim.fn.strdisplaywidth(plain)
      if tab == '' then
        return plain
      end
      local blanks = width - column % width
      column = column + blanks
      return plain .. (' '):rep(blanks)
    end)
  )
end

--- `first` in pieces around the characters of `behind`, which stay where they are; one piece and a line through `behind`
--- where `first` does not bring them all.
---@param first string
---@param behind string
---@return { offset: integer, text: string }[] pieces, boolean struck
local function pieces_of(first, behind)
  local places = align(behind, first)
  if not places then
    return { { offset = 0, text = first } }, true
  end
  local pieces, from, offset = {}, 1, 0
  for _, place in ipairs(places) do
    table.insert(pieces, { offset = offset, text = first:sub(from, place.at - 1) })
    from, offset = place.at + #place.char, offset + #place.char
  end
  table.insert(pieces, { offset = offset, text = first:sub(from) })
  return pieces, false
end

---@param buf integer
---@param cursor { [1]: integer, [2]: integer } line and byte, from 0
---@param rest infill.Rest
function M.draw(buf, cursor, rest)
  M.clear(buf)
  local row, col = cursor[1], cursor[2]
  local width = vim.bo[buf].tabstop
  local lines = vim.split(rest.text, '\n', { plain = true })
  local below = {}
  for number = 2, #lines do
    below[number - 1] = { { expand(lines[number], 0, width), 'InfillGhost' } }
  end
  local pieces, struck = pieces_of(lines[1], rest.behind)
  if struck then
    vim.api.nvim_buf_set_extmark(buf, namespace, row, col, {
      end_col = col + #rest.behind,
      hl_group = 'InfillReplaced',
    })
  end
  local left = vim.fn.virtcol('.') - 1
  for number, piece in ipairs(pieces) do
    local last = number == #pieces
    if piece.text ~= '' or (last and #below > 0) then
      vim.api.nvim_buf_set_extmark(buf, namespace, row, col + piece.offset, {
        virt_text = { { expand(piece.text, left, width), 'InfillGhost' } },
        virt_text_pos = 'inline',
        virt_lines = last and #below > 0 and below or nil,
        hl_mode = 'combine',
      })
    end
  end
end

return M
