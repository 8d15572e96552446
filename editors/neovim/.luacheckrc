std = 'luajit'
globals = { 'vim' }
max_line_length = 130 -- of comments; stylua keeps code to 120
files['**/settings.lua'].max_line_length = false -- generated
