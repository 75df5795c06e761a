package scenarios

import "go.yaml.in/yaml/v4"

// The YAML library is named here and in yaml.go only.
type node = yaml.Node

const (
	scalarNode   = yaml.ScalarNode
	mappingNode  = yaml.MappingNode
	sequenceNode = yaml.SequenceNode
)
