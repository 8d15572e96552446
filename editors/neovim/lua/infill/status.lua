--- What the server says of itself, as the status line shows it. Autocommand `User InfillStatus` tells of changes.
local M = {}

---@class infill.Status
---@field health 'ready'|'busy'|'warning'|'error'|'off'|'starting'
---@field message string one sentence with what to do, or ''
---@field backend string
---@field model string
---@field mute string why nothing can be asked by hand, '' where it can
local STARTING = { health = 'starting', message = '', backend = '', model = '', mute = '' }
local MARKS = { ready = '', busy = '…', warning = ' !', error = ' ✗', off = ' off', starting = ' …' }

---@type infill.Status
M.now = STARTING

local function tell()
  vim.schedule(function()
    vim.api.nvim_exec_autocmds('User', { pattern = 'InfillStatus', modeline = false })
    vim.cmd.redrawstatus({ bang = true })
  end)
end

---@param told infill.Status
function M.take(told)
  M.now = told
  tell()
end

function M.forget()
  M.now = STARTING
  tell()
end

--- Who answers: the backend, and its model where that is another word; '' while nobody knows.
---@return string
function M.who()
  return M.now.model == M.now.backend and M.now.backend or vim.trim(M.now.backend .. ' ' .. M.now.model)
end

--- A few characters for a status line, '' where the plugin leaves the buffer alone.
---@param buf integer
---@return string
function M.line(buf)
  if not require('infill.client').of(buf) then
    return ''
  end
  if not require('infill.typing').is_enabled(buf) then
    return 'Infill off'
  end
  local name = M.now.backend ~= '' and M.now.backend or 'Infill'
  local doing = require('infill.acting').doing()
  return name .. (doing ~= '' and ' ' .. doing .. ' …' or MARKS[M.now.health] or '')
end

return M
