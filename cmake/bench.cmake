# Benchmarks: each bench/<stem>.c is a program BUILD/bench/<stem>, built by the target "bench", and where there are tests
# with everything, since a test shows that they work.
file(GLOB benchmarks RELATIVE ${PROJECT_SOURCE_DIR}/bench CONFIGURE_DEPENDS bench/*.c)
add_custom_target(bench)
foreach(path IN LISTS benchmarks)
    get_filename_component(stem ${path} NAME_WE)
    add_executable(bench_${stem} bench/${path})
    set_target_properties(bench_${stem} PROPERTIES OUTPUT_NAME ${stem} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
    if(NOT NEURALAKE_TESTS)
        set_target_properties(bench_${stem} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    endif()
    link_rooms(bench_${stem} ${ROOM_ALL_SEES})
    add_dependencies(bench bench_${stem})
endforeach()
