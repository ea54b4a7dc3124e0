//===- OnnxProto.h - the protobuf classes of ONNX ---------------*- C++ -*-===//
//
// The one place of this stage that includes the generated classes: their
// headers warn under our flags. Nothing outside lib/Export sees protobuf.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_EXPORT_ONNXPROTO_H
#define QNT_LIB_EXPORT_ONNXPROTO_H

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <onnx/onnx_pb.h>
#pragma clang diagnostic pop

#endif // QNT_LIB_EXPORT_ONNXPROTO_H
