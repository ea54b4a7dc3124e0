//===- OnnxProto.h - the protobuf classes of ONNX ---------------*- C++ -*-===//
//
// The one place that includes the generated classes: their headers warn under
// our flags. Nothing outside lib/Import sees protobuf.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_ONNXPROTO_H
#define QNT_LIB_IMPORT_ONNXPROTO_H

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <onnx/onnx_pb.h>
#pragma clang diagnostic pop

#endif // QNT_LIB_IMPORT_ONNXPROTO_H
