;; definitions
(class_declaration name: (identifier) @name body: (class_body) @body) @class
(interface_declaration name: (identifier) @name body: (interface_body) @body) @interface
(enum_declaration name: (identifier) @name body: (enum_body) @body) @enum
(record_declaration name: (identifier) @name body: (class_body) @body) @class
(annotation_type_declaration name: (identifier) @name body: (_) @body) @interface
(method_declaration name: (identifier) @name body: (block) @body) @method
(method_declaration name: (identifier) @name !body) @method
(constructor_declaration name: (identifier) @name body: (constructor_body) @body) @method
(field_declaration declarator: (variable_declarator name: (identifier) @name)) @field
(enum_constant name: (identifier) @name) @field

;; references
(method_invocation name: (identifier) @call)
(object_creation_expression type: (type_identifier) @type)
(field_access field: (identifier) @field)
(type_identifier) @type
(superclass (type_identifier) @base)
(super_interfaces (type_list (type_identifier) @base))

;; imports
(import_declaration) @import
(package_declaration) @import

;; scopes
(class_declaration) @scope
(method_declaration) @scope
(constructor_declaration) @scope
(lambda_expression) @scope
(program) @scope

;; blocks
(block) @block
(class_body) @block
(interface_body) @block
(constructor_body) @block
(switch_block) @block

;; strings
(string_literal) @string
(character_literal) @string

;; comments
(line_comment) @comment
(block_comment) @comment
