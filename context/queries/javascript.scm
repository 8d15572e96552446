;; definitions
(function_declaration name: (identifier) @name body: (statement_block) @body) @function
(generator_function_declaration name: (identifier) @name body: (statement_block) @body) @function
(class_declaration name: (identifier) @name body: (class_body) @body) @class
(method_definition name: (property_identifier) @name body: (statement_block) @body) @method
(field_definition property: (property_identifier) @name) @field
(program (lexical_declaration (variable_declarator name: (identifier) @name)) @variable)
(program (variable_declaration (variable_declarator name: (identifier) @name)) @variable)
(export_statement (lexical_declaration (variable_declarator name: (identifier) @name)) @variable)

;; references
(call_expression function: (identifier) @call)
(call_expression function: (member_expression property: (property_identifier) @call))
(new_expression constructor: (identifier) @type)
(member_expression property: (property_identifier) @field)
(class_heritage (identifier) @base)

;; imports
(import_statement) @import
(export_statement source: (string)) @import
(variable_declarator value: (call_expression function: (identifier) @_require (#eq? @_require "require"))) @import

;; scopes
(function_declaration) @scope
(function_expression) @scope
(arrow_function) @scope
(method_definition) @scope
(class_declaration) @scope
(program) @scope

;; blocks
(statement_block) @block
(class_body) @block
(switch_body) @block

;; strings
(string) @string
(template_string) @string

;; comments
(comment) @comment
