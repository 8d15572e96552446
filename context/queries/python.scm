;; definitions
(function_definition name: (identifier) @name body: (block) @body) @function
(class_definition name: (identifier) @name body: (block) @body) @class
(module (expression_statement (assignment left: (identifier) @name)) @variable)
(class_definition body: (block (expression_statement (assignment left: (identifier) @name)) @field))
(assignment left: (attribute object: (identifier) @_self attribute: (identifier) @name) (#eq? @_self "self")) @attribute

;; references
(call function: (identifier) @call)
(call function: (attribute attribute: (identifier) @call))
(attribute attribute: (identifier) @field)
(type (identifier) @type)
(class_definition superclasses: (argument_list (identifier) @base))
(class_definition superclasses: (argument_list (attribute attribute: (identifier) @base)))

;; imports
(import_statement) @import
(import_from_statement) @import

;; scopes
(function_definition) @scope
(class_definition) @scope
(lambda) @scope
(module) @scope

;; blocks
(block) @block

;; strings
(string) @string

;; comments
(comment) @comment
