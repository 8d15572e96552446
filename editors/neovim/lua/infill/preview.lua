--- Shows an edit as a difference before it is made. It is made when the user says so, and never where the text has changed since.
local config = require('infill.config')

local M = {}

---@class infill.FileEdit
---@field path string
---@field buf? integer nil for a file that is not there yet
---@field loaded? boolean only so that it can be compared
---@field tick? integer changedtick that the edit was made for
---@field edits lsp.TextEdit[]

--- How each preview that is open is answered.
---@type table<integer, fun(yes: boolean)>
local open = {}

--- The buffer of a file of the disk, loaded; nil where it cannot be. Whether it was loaded for this is the second value.
---@param uri string
---@return integer?, boolean
local function buffer_of(uri)
  local buf = vim.uri_to_bufnr(uri)
  local loaded = vim.api.nvim_buf_is_loaded(buf)
  return pcall(vim.fn.bufload, buf) and buf or nil, not loaded
end

--- The files of an edit. Nil, and why, where it is not to be made.
---@param edit lsp.WorkspaceEdit
---@return infill.FileEdit[]?, string?
local function files_of(edit)
  local files, created = {}, {}
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.kind == 'create' then
      created[change.uri] = true
    elseif change.kind then
      return nil, 'it would rename or delete a file.'
    else
      local uri, version = change.textDocument.uri, change.textDocument.version
      local file = { path = vim.uri_to_fname(uri) }
      file.edits = vim.tbl_map(function(each) -- without the annotation: the question is ours
        return { range = each.range, newText = each.newText }
      end, change.edits)
      if created[uri] then
        if vim.uv.fs_stat(file.path) then
          return nil, 'the file is there already.'
        end
      else
        file.buf, file.loaded = buffer_of(uri)
        if not file.buf then
          return nil, 'the file cannot be opened.'
        end
        local now = vim.lsp.util.buf_versions[file.buf]
        if version and version ~= vim.NIL and now and now ~= version then
          return nil, 'the text has changed meanwhile.'
        end
        file.tick = vim.api.nvim_buf_get_changedtick(file.buf)
      end
      table.insert(files, file)
    end
  end
  return #files > 0 and files or nil, 'it is empty.'
end

---@param buf integer
---@return string
local function text_of(buf)
  return table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, false), '\n') .. '\n'
end

--- The text of a file that is not there yet, in lines.
---@param file infill.FileEdit
---@return string[]
local function new_lines(file)
  return vim.split(file.edits[1].newText:gsub('\n$', ''), '\n', { plain = true })
end

--- What the edit would change, as a unified difference.
---@param file infill.FileEdit
---@param client vim.lsp.Client
---@return string[]
local function difference(file, client)
  local trial = vim.api.nvim_create_buf(false, true)
  if file.buf then
    vim.api.nvim_buf_set_lines(trial, 0, -1, false, vim.api.nvim_buf_get_lines(file.buf, 0, -1, false))
    vim.lsp.util.apply_text_edits(vim.deepcopy(file.edits), trial, client.offset_encoding)
  else
    vim.api.nvim_buf_set_lines(trial, 0, -1, false, new_lines(file))
  end
  local compare = vim.text and vim.text.diff or vim.diff
  local changed = compare(file.buf and text_of(file.buf) or '', text_of(trial), { ctxlen = 3 }) --[[@as string]]
  vim.api.nvim_buf_delete(trial, { force = true })
  local name = require('infill.client').shown_name(file.path, client)
  local names = { '--- ' .. (file.buf and name or '/dev/null'), '+++ ' .. name }
  return vim.list_extend(names, vim.split(vim.trim(changed), '\n'))
end

--- Opens the window, and calls `answered` once. The window is entered only from normal mode: nobody shall confirm what he has
--- not seen with a key that was meant for a text.
---@param lines string[]
---@param answered fun(yes: boolean)
local function show(lines, answered)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].modifiable = false
  vim.bo[buf].bufhidden = 'wipe'
  local back = vim.api.nvim_get_current_win()
  local height = math.max(3, math.min(#lines, math.floor(vim.o.lines * 0.6)))
  local win = vim.api.nvim_open_win(buf, vim.api.nvim_get_mode().mode == 'n', {
    split = 'below',
    win = -1,
    height = height,
  })
  vim.wo[win][0].wrap, vim.wo[win][0].number, vim.wo[win][0].relativenumber = true, false, false
  vim.api.nvim_buf_set_name(buf, ('infill://%d/change'):format(buf))
  vim.bo[buf].filetype = 'diff'
  local function answer(yes)
    if open[buf] then
      open[buf] = nil
      if vim.api.nvim_win_is_valid(win) then
        pcall(vim.api.nvim_win_close, win, true)
      end
      if vim.api.nvim_win_is_valid(back) then
        vim.api.nvim_set_current_win(back)
      end
      answered(yes)
    end
  end
  open[buf] = answer
  local keys = config.now.preview_keys
  for key, yes in pairs({ [keys.apply] = true, [keys.reject] = false }) do
    vim.keymap.set('n', key, function()
      answer(yes)
    end, { buffer = buf, nowait = true, desc = yes and 'Infill: make this change' or 'Infill: leave it as it is' })
  end
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = buf,
    desc = 'Closing the window is a no',
    callback = function()
      vim.schedule(function()
        answer(false)
      end)
    end,
  })
end

--- Whether the text is still the one that the edit was shown for.
---@param file infill.FileEdit
---@return boolean
local function is_same(file)
  if not file.buf then
    return vim.uv.fs_stat(file.path) == nil
  end
  return vim.api.nvim_buf_is_loaded(file.buf) and vim.api.nvim_buf_get_changedtick(file.buf) == file.tick
end

--- Makes the edit, and shows the file where nobody sees it. A new file is on the disk once the user writes it.
---@param file infill.FileEdit
---@param encoding string
local function make(file, encoding)
  if not file.buf then
    vim.fn.mkdir(vim.fs.dirname(file.path), 'p')
    vim.cmd.split(vim.fn.fnameescape(file.path))
    vim.api.nvim_buf_set_lines(0, 0, -1, false, new_lines(file))
    return
  end
  vim.lsp.util.apply_text_edits(file.edits, file.buf, encoding)
  vim.bo[file.buf].buflisted = true
  if vim.fn.bufwinid(file.buf) == -1 then
    vim.cmd.sbuffer(file.buf)
  end
end

--- Answers `workspace/applyEdit`. Runs in the coroutine of the request's handler, and waits there until the user has decided.
---@param params lsp.ApplyWorkspaceEditParams
---@param client_id integer
---@return lsp.ApplyWorkspaceEditResult
function M.edit(params, client_id)
  local say, warning = require('infill.acting').say, vim.log.levels.WARN
  local client = assert(vim.lsp.get_client_by_id(client_id))
  local files, why = files_of(params.edit)
  if not files then
    say('the edit was not made: ' .. why, warning)
    return { applied = false, failureReason = why }
  end
  local keys = config.now.preview_keys
  local lines = { ('%s. %s makes this change, %s does not.'):format(params.label, keys.apply, keys.reject) }
  for _, annotation in vim.spairs(params.edit.changeAnnotations or {}) do
    table.insert(lines, annotation.description)
  end
  for _, file in ipairs(files) do
    vim.list_extend(lines, difference(file, client))
  end
  local waiting = coroutine.running()
  show(lines, function(yes)
    vim.schedule(function()
      coroutine.resume(waiting, yes)
    end)
  end)
  local yes = coroutine.yield()
  if yes and not vim.iter(files):all(is_same) then
    say('the text has changed meanwhile, so the edit was not made.', warning)
    yes = false
  end
  for _, file in ipairs(files) do
    if yes then
      make(file, client.offset_encoding)
    elseif file.loaded and vim.fn.bufwinid(file.buf) == -1 and not vim.bo[file.buf].modified then
      vim.api.nvim_buf_delete(file.buf, { force = true })
    end
  end
  return { applied = yes }
end

--- Says no to every edit that waits.
function M.reject_all()
  for _, answer in pairs(vim.tbl_values(open)) do
    answer(false)
  end
end

return M
