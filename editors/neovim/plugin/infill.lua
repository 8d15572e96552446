-- Starts Infill with `vim.g.infill` once Neovim is up, unless the configuration has called setup() by then.
-- `vim.g.loaded_infill = 1` keeps the plugin out, for those who use Neovim's own vim.lsp.inline_completion.
if vim.g.loaded_infill then
  return
end
vim.g.loaded_infill = 1

vim.api.nvim_create_user_command('Infill', function(given)
  local lines = given.range > 0 and { given.line1, given.line2 } or {}
  require('infill.command').run(given.fargs, lines)
end, {
  nargs = '*',
  range = true,
  desc = 'Infill: explain, refactor, review, tests, toggle, why, usage …',
  complete = function(lead, line, column)
    return require('infill.command').complete(lead, line:sub(1, column))
  end,
})

local function start()
  local infill = require('infill')
  if not infill.is_set_up() then
    infill.setup(vim.g.infill)
  end
end

if vim.v.vim_did_enter == 1 then
  start()
else
  vim.api.nvim_create_autocmd('VimEnter', { once = true, desc = 'Start Infill', callback = start })
end
