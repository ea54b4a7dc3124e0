#include "qnt/Import/Onnx.h"
#include "qnt/Pipelines/Pipelines.h"
