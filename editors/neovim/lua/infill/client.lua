--- The language server as the plugin needs it: started where it is wanted, restarted when it dies, asked and told.
---
--- The one place that knows in what Neovim's client differs from 0.10 to 0.12.
local config = require('infill.config')
local status = require('infill.status')

local M = {}

M.NAME = 'infill'
local RESTARTS_MOST = 5
local CALM = 180000 -- milliseconds after which earlier deaths are forgotten

--- Filetypes that the protocol has another name for.
local LANGUAGE_IDS = {
  cs = 'csharp',
  make = 'makefile',
  objc = 'objective-c',
  plaintex = 'latex',
  sh = 'shellscript',
  tex = 'latex',
  text = 'plaintext',
  zsh = 'shellscript',
}

local deaths = { count = 0, last = 0, stopping = false, told = false }

---@param client vim.lsp.Client
---@param method string
local function call(client, method, ...)
  if vim.fn.has('nvim-0.11') == 1 then
    return client[method](client, ...)
  end
  return client[method](...)
end

--- The command that starts the server; nil where its program cannot be found.
---@return string[]?
function M.command()
  local cmd = vim.deepcopy(config.now.cmd)
  local found = vim.fn.exepath(cmd[1] or '')
  if found == '' and cmd[1] == 'infill' then
    found = vim.fn.exepath(vim.fn.expand('~/.local/bin/infill'))
  end
  if found == '' then
    return nil
  end
  cmd[1] = found
  return cmd
end

--- The command line of `infill` itself, for questions that the server is not asked: what stands before `lsp` in `cmd`.
---@return string[]?
function M.command_line()
  local cmd = M.command()
  for number, word in ipairs(cmd or {}) do
    if word == 'lsp' and number > 1 then
      return vim.list_slice(cmd, 1, number - 1)
    end
  end
  return nil
end

--- Whether the options want suggestions in this buffer.
---@param buf integer
---@return boolean
function M.wants(buf)
  local filetype = vim.bo[buf].filetype
  local named = vim.tbl_contains(config.now.filetypes, '*') or vim.tbl_contains(config.now.filetypes, filetype)
  return vim.bo[buf].buftype == '' and named and not vim.tbl_contains(config.now.filetypes_off, filetype)
end

---@param code integer
---@param signal integer
local function on_exit(code, signal)
  status.forget()
  local now = vim.uv.now()
  if deaths.stopping or (code == 0 and signal == 0) or vim.v.exiting ~= vim.NIL then
    return
  end
  deaths.count = now - deaths.last > CALM and 1 or deaths.count + 1
  deaths.last = now
  vim.schedule(function()
    if deaths.count > RESTARTS_MOST then
      vim.notify('Infill: the server keeps ending. `:Infill log` shows why, `:Infill restart` tries again.', 4)
      return
    end
    vim.defer_fn(M.attach_all, 500 * 2 ^ (deaths.count - 1))
  end)
end

--- Without names that the server does not know: the user was told of them when the options were taken.
local function settings()
  local wishes = vim.deepcopy(config.now.settings)
  for _, name in ipairs(config.unknown_settings()) do
    wishes[name] = nil
  end
  return next(wishes) == nil and vim.empty_dict() or wishes
end

--- Neovim's own, and what the plugin adds. `preview` keeps edits out of code actions, where Neovim would make them by itself.
local function capabilities()
  local all = vim.lsp.protocol.make_client_capabilities()
  all.textDocument.inlineCompletion = { dynamicRegistration = false }
  all.experimental = { infill = { status = true, chat = true, input = true, preview = true } }
  return all
end

---@param buf integer
local function start_config(buf)
  return {
    name = M.NAME,
    cmd = M.command(),
    root_dir = vim.fs.root(buf, config.now.root_markers),
    capabilities = capabilities(),
    commands = require('infill.acting').commands(),
    init_options = { settings = settings() },
    settings = { infill = settings() },
    get_language_id = function(_, filetype)
      return LANGUAGE_IDS[filetype] or filetype
    end,
    handlers = {
      ['infill/status'] = function(_, told)
        status.take(told)
      end,
      ['infill/input'] = function(_, asked)
        return require('infill.acting').input(asked.prompt)
      end,
      ['window/showMessage'] = function(_, message)
        local text = vim.startswith(message.message, 'Infill') and message.message or 'Infill: ' .. message.message
        vim.notify(text, vim.log.levels.ERROR + 1 - message.type)
      end,
      ['workspace/applyEdit'] = function(_, params, context)
        return require('infill.preview').edit(params, context.client_id)
      end,
      ['$/progress'] = function(problem, params, context, ...)
        if not require('infill.acting').heard(params.token, params.value) then
          vim.lsp.handlers['$/progress'](problem, params, context, ...)
        end
      end,
    },
    on_exit = on_exit,
    on_attach = function(client, attached)
      if vim.lsp.inline_completion then -- two renderers would both draw
        vim.lsp.inline_completion.enable(false, { client_id = client.id })
      end
      require('infill.typing').attached(attached)
    end,
  }
end

--- Starts the server for a buffer, or lets one that runs for the same project see it.
---@param buf integer
function M.attach(buf)
  if not vim.api.nvim_buf_is_loaded(buf) or not M.wants(buf) or M.of(buf) then
    return
  end
  if not M.command() then
    if not deaths.told then
      deaths.told = true
      vim.notify('Infill: `' .. config.now.cmd[1] .. '` is not on the PATH. See :checkhealth infill.', 3)
    end
    return
  end
  vim.lsp.start(start_config(buf), { bufnr = buf })
end

function M.attach_all()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.bo[buf].filetype ~= '' or vim.api.nvim_buf_get_name(buf) ~= '' then
      M.attach(buf)
    end
  end
end

--- The client of a buffer, once it can be asked.
---@param buf? integer any buffer if nil
---@return vim.lsp.Client?
function M.of(buf)
  return vim.lsp.get_clients({ name = M.NAME, bufnr = buf })[1]
end

--- Ends the server and starts it anew with the options as they are now. A client that is ending would be taken for a
--- running one, so the new one waits until Neovim has forgotten the old.
function M.restart()
  deaths = { count = 0, last = 0, stopping = true, told = false }
  for _, client in ipairs(vim.lsp.get_clients({ name = M.NAME })) do
    call(client, 'stop')
  end
  local function again()
    if M.of() then
      vim.defer_fn(again, 20)
      return
    end
    deaths.stopping = false
    M.attach_all()
  end
  again()
end

---@class infill.Asked
---@field client vim.lsp.Client
---@field id integer

--- Asks the server of a buffer. `reply` gets the result, or nil and what went wrong.
---@param buf integer
---@param method string
---@param params table
---@param reply fun(result: any, problem: lsp.ResponseError?)
---@return infill.Asked? nil where there is no server to ask
function M.request(buf, method, params, reply)
  local client = M.of(buf)
  if not client or not client.server_capabilities then
    return nil
  end
  local sent, id = call(client, 'request', method, params, function(problem, result)
    reply(result, problem)
  end, buf)
  return sent and { client = client, id = id } or nil
end

--- Asks for suggestions at the cursor of the current window.
---@param buf integer
---@param by_hand boolean
---@param reply fun(items: table[], encoding: string)
---@return infill.Asked?
function M.ask(buf, by_hand, reply)
  local client = M.of(buf)
  if not client then
    return nil
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = by_hand and 1 or 2 }
  return M.request(buf, 'textDocument/inlineCompletion', params, function(result)
    reply(result and (result.items or result) or {}, client.offset_encoding)
  end)
end

---@param asked infill.Asked
function M.cancel(asked)
  if not call(asked.client, 'is_stopped') then
    call(asked.client, 'cancel_request', asked.id)
  end
end

---@param buf integer
---@param method string
---@param params table
function M.tell(buf, method, params)
  local client = M.of(buf)
  if client then
    call(client, 'notify', method, params)
  end
end

--- A file as it is shown: below the project's folder, else as Neovim would.
---@param path string
---@param client? vim.lsp.Client
---@return string
function M.shown_name(path, client)
  local root = client and client.root_dir
  return root and vim.startswith(path, root .. '/') and path:sub(#root + 2) or vim.fn.fnamemodify(path, ':~:.')
end

--- Runs an item's command, by which the server learns that the item went in.
---@param buf integer
---@param command lsp.Command
function M.execute(buf, command)
  local params = { command = command.command, arguments = command.arguments }
  M.request(buf, 'workspace/executeCommand', params, function() end)
end

return M
