--- Infill for Neovim's own client, without the plugin's renderer. From Neovim 0.12 on:
---
---     vim.lsp.enable('infill')
---     vim.lsp.inline_completion.enable()
---
--- Settings of docs/settings.md go into `init_options`:
---
---     vim.lsp.config('infill', { init_options = { settings = { backend = 'workspace' } } })
---@type vim.lsp.Config
return {
  cmd = { 'infill', 'lsp' },
  root_markers = { '.infill.toml', '.git', 'pyproject.toml', 'package.json', 'go.mod', 'Cargo.toml' },
}
