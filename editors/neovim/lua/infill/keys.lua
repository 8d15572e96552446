--- The keys of insert mode. A key does its work while ghost text is on the screen and is itself at all other times.
local config = require('infill.config')

local M = {}

--- What a key was for before us. Neovim's own <Tab> for snippets counts as free, and is what ours falls back to.
---@param key string
---@return boolean free, fun(): string fallback
local function before(key)
  local map = vim.fn.maparg(key, 'i', false, true)
  if vim.tbl_isempty(map) then
    return true, function()
      return key
    end
  end
  local own = vim.startswith(map.desc or '', 'Infill')
  local native = map.callback ~= nil and vim.startswith(map.desc or '', 'vim.snippet')
  return own or native, native and map.callback or function()
    return key
  end
end

--- Maps the keys of the options: the user's own always, ours only where they are free.
function M.map()
  for name, key in pairs(config.now.keys) do
    if key then
      local free, fallback = before(key)
      if free or config.chosen_keys[name] then
        vim.keymap.set('i', key, function()
          if name == 'trigger' or require('infill').visible() then
            return ("<Cmd>lua require('infill').%s()<CR>"):format(name)
          end
          return fallback()
        end, { expr = true, replace_keycodes = true, desc = 'Infill: ' .. name:gsub('_', ' ') })
      end
    end
  end
end

return M
