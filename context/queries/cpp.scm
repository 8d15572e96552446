;; definitions
(function_definition declarator: (function_declarator declarator: (identifier) @name) body: (compound_statement) @body) @function
(function_definition declarator: (function_declarator declarator: (field_identifier) @name) body: (compound_statement) @body) @method
(function_definition declarator: (function_declarator declarator: (qualified_identifier name: (identifier) @name)) body: (compound_statement) @body) @method
(function_definition declarator: (_ declarator: (function_declarator declarator: (_) @name)) body: (compound_statement) @body) @function
(function_definition declarator: (_ (function_declarator declarator: (_) @name)) body: (compound_statement) @body) @function
(declaration declarator: (function_declarator declarator: (identifier) @name)) @function
(field_declaration declarator: (function_declarator declarator: (field_identifier) @name)) @method
(field_declaration declarator: (_ (function_declarator declarator: (field_identifier) @name))) @method
(class_specifier name: (type_identifier) @name body: (_) @body) @class
(struct_specifier name: (type_identifier) @name body: (_) @body) @struct
(union_specifier name: (type_identifier) @name body: (_) @body) @struct
(enum_specifier name: (type_identifier) @name body: (_) @body) @enum
(namespace_definition name: (_) @name body: (_) @body) @module
(alias_declaration name: (type_identifier) @name) @type
(type_definition declarator: (type_identifier) @name) @type
(preproc_def name: (identifier) @name) @macro
(preproc_function_def name: (identifier) @name) @macro
(enumerator name: (identifier) @name) @field
(field_declaration declarator: (field_identifier) @name) @field
(field_declaration declarator: (_ declarator: (field_identifier) @name)) @field

;; references
(call_expression function: (identifier) @call)
(call_expression function: (field_expression field: (field_identifier) @call))
(call_expression function: (qualified_identifier name: (identifier) @call))
(field_expression field: (field_identifier) @field)
(type_identifier) @type
(base_class_clause (type_identifier) @base)

;; imports
(preproc_include) @import
(using_declaration) @import

;; scopes
(function_definition) @scope
(lambda_expression) @scope
(class_specifier) @scope
(struct_specifier) @scope
(namespace_definition) @scope
(translation_unit) @scope

;; blocks
(compound_statement) @block
(field_declaration_list) @block
(declaration_list) @block

;; strings
(string_literal) @string
(raw_string_literal) @string
(char_literal) @string
(system_lib_string) @string

;; comments
(comment) @comment
