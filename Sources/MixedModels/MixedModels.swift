// MixedModels
