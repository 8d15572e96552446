--- Columns of the protocol, in the encoding that was agreed on, and bytes of a line, as Neovim counts. The calls' arguments were
--- put in another order with Neovim 0.11.
local M = {}

--- The byte of a column; a column past the end means the end.
---@param line string
---@param column integer
---@param encoding string
---@return integer
function M.byte_of(line, column, encoding)
  if encoding == 'utf-8' then
    return math.min(column, #line)
  end
  if vim.fn.has('nvim-0.11') == 1 then
    return vim.str_byteindex(line, encoding, column, false)
  end
  local found, byte = pcall(vim.str_byteindex, line, column, encoding == 'utf-16')
  return found and byte or #line
end

--- The column of a byte.
---@param line string
---@param byte integer
---@param encoding string
---@return integer
function M.column_of(line, byte, encoding)
  if encoding == 'utf-8' then
    return byte
  end
  if vim.fn.has('nvim-0.11') == 1 then
    return vim.str_utfindex(line, encoding, byte, false)
  end
  local utf32, utf16 = vim.str_utfindex(line, byte)
  return encoding == 'utf-16' and utf16 or utf32
end

return M
