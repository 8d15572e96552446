--- :checkhealth infill
local M = {}

--- What is wrong with the settings, each by its place, as the command line finds it in the project's folder.
---@param line string[]
---@param folder? string
local function check_settings(line, folder)
  local words = vim.list_extend({ 'config', '--json' }, require('infill.command').flags())
  local said = vim.system(vim.list_extend(line, words), { text = true, cwd = folder }):wait(20000)
  local found, answer = pcall(vim.json.decode, said.stdout or '')
  if not found then
    return
  end
  for _, problem in ipairs(answer.problems) do
    local name = problem.key ~= '' and problem.key .. ': ' or ''
    vim.health.error(('%s: %s%s'):format(problem.where, name, problem.what), { problem.mend })
  end
  if #answer.problems == 0 then
    vim.health.ok('the settings are understood; your own are read from ' .. answer.user_file)
  end
end

function M.check()
  local health = vim.health
  local client, config = require('infill.client'), require('infill.config')

  health.start('Infill')
  local version = tostring(vim.version())
  if vim.fn.has('nvim-0.10') == 1 then
    health.ok('Neovim ' .. version)
  else
    health.error('Neovim ' .. version .. ' is too old: 0.10 or later is needed')
    return
  end

  local command = client.command()
  if not command then
    health.error(('`%s` is not on the PATH'):format(config.now.cmd[1] or ''), {
      'Install it from its folder: `uv tool install .`, or `pipx install .`.',
      "Or say where it is: require('infill').setup({ cmd = { '/path/to/infill', 'lsp' } })",
    })
  else
    local line = client.command_line()
    local answer = line and vim.system(vim.list_extend(line, { '--version' }), { text = true }):wait(20000)
    if answer and answer.code == 0 then
      health.ok(('%s at %s'):format(vim.trim(answer.stdout), command[1]))
    else
      health.ok('the server is started by ' .. table.concat(command, ' '))
    end
  end

  local running = client.of()
  if running then
    local now, who = require('infill.status').now, require('infill.status').who()
    local report = ('server running: %s%s'):format(now.health, who ~= '' and ', ' .. who or '')
    local tell = (now.health == 'error' or now.health == 'warning') and health.warn or health.ok
    tell(now.message ~= '' and report .. '. ' .. now.message or report)
    if now.mute and now.mute ~= '' then
      health.info('explain, refactor, review and tests are not to be had. ' .. now.mute)
    elseif now.health ~= 'starting' then
      health.ok('explain, refactor, review and tests can be asked for')
    end
  else
    health.warn(
      'the server does not run',
      { 'It starts with the first buffer of a file. `:Infill log` shows why it ended.' }
    )
  end

  local line = client.command_line()
  if line then
    check_settings(line, running and running.root_dir)
  end
  local unknown = config.unknown_settings()
  if #unknown > 0 then
    health.warn('settings that the server does not know: ' .. table.concat(unknown, ', '), { 'See docs/settings.md.' })
  end

  for name, key in vim.spairs(config.now.keys) do
    local map = key and vim.fn.maparg(key, 'i', false, true) or {}
    if not key then
      health.info(name .. ' has no key')
    elseif vim.startswith(map.desc or '', 'Infill') then
      health.ok(('%s %s'):format(key, name))
    else
      health.info(('%s was taken, so `%s` has no key: choose one in setup()'):format(key, name))
    end
  end
end

return M
