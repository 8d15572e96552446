;; definitions
(function_item name: (identifier) @name body: (block) @body) @function
(function_signature_item name: (identifier) @name) @function
(struct_item name: (type_identifier) @name) @struct
(enum_item name: (type_identifier) @name body: (_) @body) @enum
(union_item name: (type_identifier) @name) @struct
(trait_item name: (type_identifier) @name body: (_) @body) @trait
(impl_item type: (type_identifier) @name body: (_) @body) @impl
(impl_item type: (generic_type type: (type_identifier) @name) body: (_) @body) @impl
(mod_item name: (identifier) @name body: (_) @body) @module
(macro_definition name: (identifier) @name) @macro
(type_item name: (type_identifier) @name) @type
(const_item name: (identifier) @name) @variable
(static_item name: (identifier) @name) @variable
(field_declaration name: (field_identifier) @name) @field
(enum_variant name: (identifier) @name) @field

;; references
(call_expression function: (identifier) @call)
(call_expression function: (field_expression field: (field_identifier) @call))
(call_expression function: (scoped_identifier name: (identifier) @call))
(field_expression field: (field_identifier) @field)
(macro_invocation macro: (identifier) @call)
(type_identifier) @type
(impl_item trait: (type_identifier) @base)

;; imports
(use_declaration) @import
(mod_item !body) @import
(extern_crate_declaration) @import

;; scopes
(function_item) @scope
(closure_expression) @scope
(impl_item) @scope
(mod_item) @scope
(source_file) @scope

;; blocks
(block) @block
(declaration_list) @block
(field_declaration_list) @block
(match_block) @block

;; strings
(string_literal) @string
(raw_string_literal) @string
(char_literal) @string

;; comments
(line_comment) @comment
(block_comment) @comment
