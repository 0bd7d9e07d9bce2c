do -- fence variant=up generation=0 site=customer-04 (generated, do not edit)
end
