"""Long work in parts that machines do apart: which is whose, where it lies, who is at it, whether all are done."""
