;; definitions
(function_declaration name: (identifier) @name body: (statement_block) @body) @function
(generator_function_declaration name: (identifier) @name body: (statement_block) @body) @function
(function_signature name: (identifier) @name) @function
(class_declaration name: (type_identifier) @name body: (class_body) @body) @class
(abstract_class_declaration name: (type_identifier) @name body: (class_body) @body) @class
(interface_declaration name: (type_identifier) @name body: (_) @body) @interface
(enum_declaration name: (identifier) @name body: (enum_body) @body) @enum
(type_alias_declaration name: (type_identifier) @name) @type
(method_definition name: (property_identifier) @name body: (statement_block) @body) @method
(method_signature name: (property_identifier) @name) @method
(abstract_method_signature name: (property_identifier) @name) @method
(property_signature name: (property_identifier) @name) @field
(public_field_definition name: (property_identifier) @name) @field
(enum_body (property_identifier) @name @field)
(enum_assignment name: (property_identifier) @name) @field
(program (lexical_declaration (variable_declarator name: (identifier) @name)) @variable)
(export_statement (lexical_declaration (variable_declarator name: (identifier) @name)) @variable)

;; references
(call_expression function: (identifier) @call)
(call_expression function: (member_expression property: (property_identifier) @call))
(new_expression constructor: (identifier) @type)
(member_expression property: (property_identifier) @field)
(type_annotation (type_identifier) @type)
(generic_type name: (type_identifier) @type)
(extends_clause value: (identifier) @base)
(implements_clause (type_identifier) @base)

;; imports
(import_statement) @import
(export_statement source: (string)) @import

;; scopes
(function_declaration) @scope
(function_expression) @scope
(arrow_function) @scope
(method_definition) @scope
(class_declaration) @scope
(interface_declaration) @scope
(program) @scope

;; blocks
(statement_block) @block
(class_body) @block
(switch_body) @block
(interface_body) @block

;; strings
(string) @string
(template_string) @string

;; comments
(comment) @comment
