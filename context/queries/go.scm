;; definitions
(function_declaration name: (identifier) @name body: (block) @body) @function
(method_declaration name: (field_identifier) @name body: (block) @body) @method
(type_spec name: (type_identifier) @name type: (struct_type (field_declaration_list) @body)) @struct
(type_spec name: (type_identifier) @name type: (interface_type)) @interface
(type_spec name: (type_identifier) @name) @type
(type_alias name: (type_identifier) @name) @type
(field_declaration name: (field_identifier) @name) @field
(method_elem name: (field_identifier) @name) @method
(source_file (const_declaration (const_spec name: (identifier) @name) @variable))
(source_file (var_declaration (var_spec name: (identifier) @name) @variable))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @variable)))

;; references
(call_expression function: (identifier) @call)
(call_expression function: (selector_expression field: (field_identifier) @call))
(selector_expression field: (field_identifier) @field)
(type_identifier) @type

;; imports
(import_declaration) @import

;; scopes
(function_declaration) @scope
(method_declaration) @scope
(func_literal) @scope
(source_file) @scope

;; blocks
(block) @block
(field_declaration_list) @block
(expression_switch_statement) @block

;; strings
(interpreted_string_literal) @string
(raw_string_literal) @string

;; comments
(comment) @comment
