--- Whether a popup menu is open: Neovim's own, nvim-cmp's or blink.cmp's. Ghost text makes room for it and comes back.
local M = {}

--- Plugins are looked at only where the user's configuration has loaded them already.
---@return boolean
function M.is_open()
  if vim.fn.pumvisible() == 1 then
    return true
  end
  local cmp, blink = package.loaded['cmp'], package.loaded['blink.cmp']
  if type(cmp) == 'table' and cmp.visible and cmp.visible() then
    return true
  end
  return type(blink) == 'table' and blink.is_menu_visible ~= nil and blink.is_menu_visible() or false
end

local watching_cmp = false

--- Calls `changed` soon after a menu has opened or closed.
---@param group integer augroup
---@param changed fun()
function M.watch(group, changed)
  local later = vim.schedule_wrap(changed)
  vim.api.nvim_create_autocmd({ 'CompleteChanged', 'CompleteDone' }, { group = group, callback = later })
  vim.api.nvim_create_autocmd('User', {
    group = group,
    pattern = { 'BlinkCmpMenuOpen', 'BlinkCmpMenuClose' },
    callback = later,
  })
  vim.api.nvim_create_autocmd('InsertEnter', {
    group = group,
    desc = 'Listen to nvim-cmp, which tells of its menu only those who ask it',
    callback = function()
      local cmp = package.loaded['cmp']
      if not watching_cmp and type(cmp) == 'table' and cmp.event then
        watching_cmp = true
        cmp.event:on('menu_opened', later)
        cmp.event:on('menu_closed', later)
      end
    end,
  })
end

return M
